-- The requests of a profile, for wrk: load.lua PROFILE [FILE …]
local requests, next_one = {}, 0

local function get(path, close)
    return wrk.format("GET", path, close and {["Connection"] = "close"} or nil)
end

function init(arguments)
    local profile = arguments[1]
    if profile == "pipelined" then
        requests[1] = string.rep(get("/pipeline"), 16)
    elseif profile == "json" then
        for _, pair in ipairs {{1, 3}, {5, 7}, {10, 2}, {15, 5}, {25, 4}, {40, 8}, {50, 6}} do
            requests[#requests + 1] = get("/json/" .. pair[1] .. "?m=" .. pair[2])
        end
    elseif profile == "static" then
        for index = 2, #arguments do requests[#requests + 1] = get("/static/" .. arguments[index]) end
    elseif profile == "upload" then
        for _, size in ipairs {500 * 1024, 2 * 1024 * 1024, 10 * 1024 * 1024, 20 * 1024 * 1024} do
            requests[#requests + 1] = wrk.format("POST", "/upload", nil, string.rep("x", size))
        end
    else
        -- baseline, and limited-conn: every tenth request of all ends its connection.
        local target, fields = "/baseline11?a=13&b=42", {["Content-Type"] = "text/plain"}
        local chunked = "POST " .. target .. " HTTP/1.1\r\nHost: " .. wrk.headers["Host"]
            .. "\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n20\r\n0\r\n\r\n"
        local three = {get(target), wrk.format("POST", target, fields, "20"), chunked}
        if profile == "limited-conn" then
            for index = 1, 30 do
                requests[index] = index % 10 == 0 and get(target, true) or three[index % 3 + 1]
            end
        else
            requests = three
        end
    end
end

function request()
    next_one = next_one % #requests + 1
    return requests[next_one]
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("JSON {\"requests\":%d,\"micros\":%d,\"bytes\":%d,\"p99\":%d,\"errors\":%d}\n", summary.requests,
        summary.duration, summary.bytes, latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
