namespace Aos.Storage;

/// <summary>
/// The scripts that Redis runs, each as one step that no other comes between. Times are microseconds of Redis's own clock. Numbers
/// are written out: Lua's own text of a number keeps 14 digits.
/// </summary>
internal static class RedisScripts
{
    /// <summary>KEYS: bucket and penalty of each want. ARGV: burst (0: no bucket), amount, per and wish of each. Reply: short index or -1, wait, what is left of the first.</summary>
    internal const string Take = Now + """
        local left = {}
        local wants = #KEYS / 2
        for i = 1, wants do
          local penalty = redis.call('PTTL', KEYS[2 * i])
          if penalty > 0 then return {i - 1, penalty * 1000} end
        end
        for i = 1, wants do
          local burst = tonumber(ARGV[4 * i - 3])
          if burst > 0 then
            local amount, per = tonumber(ARGV[4 * i - 2]), tonumber(ARGV[4 * i - 1])
            local wish = math.min(tonumber(ARGV[4 * i]), burst)
            local kept = redis.call('HMGET', KEYS[2 * i - 1], 'n', 'at')
            local n = burst
            if kept[1] then n = math.min(burst, tonumber(kept[1]) + math.max(0, now - tonumber(kept[2])) * amount / per) end
            if wish - n > 0.000001 then return {i - 1, math.ceil((wish - n) * per / amount)} end
            left[i] = n - wish
          end
        end
        for i = 1, wants do
          if left[i] then
            local burst, amount, per = tonumber(ARGV[4 * i - 3]), tonumber(ARGV[4 * i - 2]), tonumber(ARGV[4 * i - 1])
            redis.call('HSET', KEYS[2 * i - 1], 'n', string.format('%.9f', left[i]), 'at', string.format('%.0f', now))
            redis.call('PEXPIRE', KEYS[2 * i - 1], string.format('%.0f', math.ceil((burst - left[i]) * per / amount / 1000) + 1000))
          end
        end
        local first = 0
        for i = wants, 1, -1 do
          if left[i] then first = left[i] end
        end
        return {-1, 0, math.floor(first)}
        """;

    /// <summary>KEYS: bucket. ARGV: burst, amount, per, tokens.</summary>
    internal const string GiveBack = Now + """
        local burst, amount, per = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
        local kept = redis.call('HMGET', KEYS[1], 'n', 'at')
        local n = burst
        if kept[1] then n = math.min(burst, tonumber(kept[1]) + math.max(0, now - tonumber(kept[2])) * amount / per) end
        n = math.min(burst, n + tonumber(ARGV[4]))
        redis.call('HSET', KEYS[1], 'n', string.format('%.9f', n), 'at', string.format('%.0f', now))
        redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil((burst - n) * per / amount / 1000) + 1000))
        return 0
        """;

    /// <summary>
    /// KEYS: slots, birth. ARGV: places, holder, lease. Reply: 0 when held, else how long to wait. A Redis that has just started may
    /// have forgotten who holds what: for one lease it gives nothing, until all holders have renewed.
    /// </summary>
    internal const string Hold = Now + """
        local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
        local birth = redis.call('HMGET', KEYS[2], 'run', 'at')
        if birth[1] ~= run then
          redis.call('HSET', KEYS[2], 'run', run, 'at', string.format('%.0f', now))
          birth[2] = now
        end
        local lease = tonumber(ARGV[3])
        redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
        local mine = redis.call('ZSCORE', KEYS[1], ARGV[2])
        local closed = tonumber(birth[2]) + lease - now
        if mine or (closed <= 0 and redis.call('ZCARD', KEYS[1]) < tonumber(ARGV[1])) then
          redis.call('ZADD', KEYS[1], string.format('%.0f', now + lease), ARGV[2])
          redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(lease / 1000) + 60000))
          return 0
        end
        if closed > 0 then return math.ceil(closed) end
        local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
        return math.max(1000, math.ceil(tonumber(first[2]) - now))
        """;

    /// <summary>KEYS: slots of each. ARGV: holder and lease of each.</summary>
    internal const string Renew = Now + """
        for i = 1, #KEYS do
          local lease = tonumber(ARGV[2 * i])
          redis.call('ZADD', KEYS[i], string.format('%.0f', now + lease), ARGV[2 * i - 1])
          redis.call('PEXPIRE', KEYS[i], string.format('%.0f', math.ceil(lease / 1000) + 60000))
        end
        return 0
        """;

    /// <summary>KEYS: slots. ARGV: holder, channel, the key's own name.</summary>
    internal const string Release = """
        if redis.call('ZREM', KEYS[1], ARGV[1]) == 1 then redis.call('PUBLISH', ARGV[2], ARGV[3]) end
        return 0
        """;

    /// <summary>KEYS: penalty. ARGV: milliseconds.</summary>
    internal const string Penalise = """
        if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '1', 'PX', ARGV[1]) end
        return 0
        """;

    private const string Now = """
        local time = redis.call('TIME')
        local now = time[1] * 1000000 + time[2]

        """;
}
