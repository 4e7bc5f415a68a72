-- What wrk sends, and how it reports. Arguments after "--":
--   get                          the URL, by GET
--   body BYTES                   a POST of that many bytes that are not JSON
--   bookings FIRST ROOM,ROOM,…   POSTs of bookings, the FIRST-th and on: each a room-night of its own
-- "close" as last argument asks for one request per connection.

local next_booking, rooms
local day = 24 * 60 * 60
local first_arrival = os.time() + 30 * day

local function booking()
    local room = rooms[next_booking % #rooms + 1]
    local arrival = first_arrival + math.floor(next_booking / #rooms) * day
    next_booking = next_booking + 1
    local body = string.format(
        '{"roomId":"%s","from":"%s","to":"%s","guests":1,"guest":{"name":"Ada Lovelace","email":"ada@example.org"}}',
        room, os.date("!%Y-%m-%d", arrival), os.date("!%Y-%m-%d", arrival + day))
    return wrk.format(nil, nil, nil, body)
end

function init(arguments)
    if arguments[#arguments] == "close" then
        wrk.headers["Connection"] = "close"
    end
    if arguments[1] == "body" then
        wrk.method = "POST"
        wrk.headers["Content-Type"] = "application/octet-stream"
        wrk.body = string.rep("x", tonumber(arguments[2]))
    elseif arguments[1] == "bookings" then
        wrk.method = "POST"
        wrk.headers["Content-Type"] = "application/json"
        next_booking, rooms = tonumber(arguments[2]), {}
        for room in arguments[3]:gmatch("[^,]+") do
            rooms[#rooms + 1] = room
        end
        request = booking
    end
end

-- One line that a program can read: times in microseconds, "status" counts answers of 400 and above.
function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        'JSON {"requests":%d,"micros":%d,"bytes":%d,"p50":%d,"p99":%d,"p999":%d,"max":%d,' ..
        '"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}\n',
        summary.requests, summary.duration, summary.bytes,
        latency:percentile(50), latency:percentile(99), latency:percentile(99.9), latency.max,
        errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
