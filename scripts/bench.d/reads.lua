-- wrk: random GETs of one kind, with random tokens.
-- Arguments: the file of tokens, then one of user, repo, build, builds, log, or `plain` and a number of bytes.

-- As in load.sql. Names are numbers, so that pgbench can make them too.
local owners, names, builds = 20, 10, tonumber(os.getenv("BENCH_HISTORY") or 250)
local loggedEvery = math.max(10, math.floor(builds / 100))
local prepared = 5000

local function repo()
    return string.format("/api/repos/%d/%d", math.random(owners), math.random(names))
end

local paths = {
    user = function() return "/api/user" end,
    repo = repo,
    build = function() return repo() .. "/builds/" .. math.random(builds) end,
    builds = function() return repo() .. "/builds" end,
    log = function() return repo() .. "/logs/" .. loggedEvery * math.random(math.floor(builds / loggedEvery)) .. "/1" end,
}

local requests, turn = {}, 0

local function tokensIn(file)
    local tokens = {}
    for line in io.lines(file) do tokens[#tokens + 1] = line end
    return tokens
end

-- Making a request costs the generator, which shares the machine, as much as sending it: so they are made before.
function init(args)
    math.randomseed(os.time())
    local tokens = tokensIn(args[1])
    local path = paths[args[2]]
    for index = 1, prepared do
        if path then
            local headers = { Authorization = "Bearer " .. tokens[math.random(#tokens)] }
            requests[index] = wrk.format("GET", path(), headers)
        else
            requests[index] = wrk.format("GET", "/plain?bytes=" .. args[3])
        end
    end
end

function request()
    turn = turn % prepared + 1
    return requests[turn]
end

function done(summary, latency)
    local errors = summary.errors
    print(string.format(
        "figures: %.0f %.2f %.2f %d", summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000,
        latency:percentile(99) / 1000, errors.connect + errors.read + errors.write + errors.timeout + errors.status))
end
