-- wrk doing a load test's work: every body has ids of its own, the id of every reply is read.
-- Argument: the file with the body; each run of 16 zeros in it is where an id goes.
-- Written as wrk's documentation shows it: `request` returns `wrk.format`, `response` gets the body.

local threads = {}
local pieces = {}
local counter = 0

function setup(thread)
  thread:set("thread_number", #threads)
  table.insert(threads, thread)
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  local body = file:read("*a")
  file:close()
  local from = 1
  while true do
    local first, last = body:find(("0"):rep(16), from, true)
    if not first then break end
    table.insert(pieces, body:sub(from, first - 1))
    from = last + 1
  end
  table.insert(pieces, body:sub(from))
  assert(#pieces == 3, "the body needs two places for an id")
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  ids_read = 0
end

function request()
  counter = counter + 1
  local id = string.format("%04d%012d", thread_number, counter)
  return wrk.format(nil, nil, nil, pieces[1] .. id .. pieces[2] .. id .. pieces[3])
end

function response(status, headers, body)
  local id = body:match('"customer_id":"([^"]+)"')
  if status == 201 and id then
    last_id = id
    ids_read = ids_read + 1
  end
end

function done(summary, latency, requests)
  local sum = 0
  for _, thread in ipairs(threads) do
    sum = sum + thread:get("ids_read")
  end
  print(string.format("Ids read: %d", sum))
end
