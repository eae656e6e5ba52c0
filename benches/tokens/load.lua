-- Posts to a token endpoint. Arguments: credentials, form, and (for values that are spent) a file with one value per line and the name of
-- the field it goes into; `again` when they are not spent. The last line of the output is JSON.

local threads = {}

function setup(thread)
  thread:set("id", #threads)
  table.insert(threads, thread)
end

function init(args)
  local count = tonumber(args[1])
  base = args[3]
  pause = tonumber(args[4])
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
  wrk.headers["Authorization"] = args[2]
  math.randomseed(id + 1)
  if args[5] then
    field, values, at = args[6], {}, 0
    again = args[7] == "again"
    local number = 0
    for line in io.lines(args[5]) do
      -- Each thread spends its own share.
      if number % count == id then values[#values + 1] = line end
      number = number + 1
    end
  end
  failed = 0
  first = ""
  spent = false
end

-- Half load: a pause before each request, so long on average that so many come.
function delay()
  if pause <= 0 then return 0 end
  return math.random(0, 2 * pause)
end

function request()
  if not values then return wrk.format(nil, nil, nil, base) end
  at = at + 1
  if at > #values and again then at = 1 end
  if at > #values then
    spent = true
    wrk.thread:stop()
    return wrk.format(nil, nil, nil, base)
  end
  return wrk.format(nil, nil, nil, base .. "&" .. field .. "=" .. values[at])
end

function response(status, headers, body)
  if status ~= 200 then
    failed = failed + 1
    if first == "" then first = status .. " " .. string.sub(body, 1, 200) end
  end
end

function done(summary, latency, requests)
  local failed, first, spent = 0, "", false
  for _, thread in ipairs(threads) do
    failed = failed + thread:get("failed")
    if thread:get("first") ~= "" then first = thread:get("first") end
    spent = spent or thread:get("spent")
  end
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  print(string.format(
    '{"requests":%d,"microseconds":%d,"p50":%.3f,"p99":%.3f,"failed":%d,"broken":%d,"spent":%s,"first":%q}',
    summary.requests, summary.duration, latency:percentile(50) / 1000, latency:percentile(99) / 1000, failed, errors, tostring(spent), first))
end
