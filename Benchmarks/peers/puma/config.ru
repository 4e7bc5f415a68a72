# The endpoints that need no database, as a bare Rack application.
PLAIN = { "Content-Type" => "text/plain" }.freeze
INDEX = ("." * 186 + "\n").freeze

run lambda { |env|
  case env["PATH_INFO"]
  when "/livez"
    [200, PLAIN, ["ok\n"]]
  when "/v1/bookings"
    env["rack.input"].read
    [415, PLAIN, ["not application/json\n"]]
  when "/"
    [200, PLAIN, [INDEX]]
  else
    [404, PLAIN, ["no such path\n"]]
  end
}
