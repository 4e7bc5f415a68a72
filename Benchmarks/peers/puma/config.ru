# The endpoints that need no database, as a bare Rack application.
PLAIN = { "Content-Type" => "text/plain" }.freeze

run lambda { |env|
  case env["PATH_INFO"]
  when "/livez"
    [200, PLAIN, ["ok\n"]]
  when "/v1/bookings"
    env["rack.input"].read
    [415, PLAIN, ["not application/json\n"]]
  else
    [404, PLAIN, ["no such path\n"]]
  end
}
