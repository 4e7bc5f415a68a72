# The endpoints that need no database, as a bare Rack application; and one that waits.
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
  when %r{\A/sleep/(\d+)\z}
    sleep($1.to_i / 1000.0)
    [204, {}, []]
  else
    [404, PLAIN, ["no such path\n"]]
  end
}
