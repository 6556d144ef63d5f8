using System.Globalization;

namespace Aos.Storage;

/// <summary>Where the Redis is that nodes share limits and their memory cache in.</summary>
public sealed record RedisOptions
{
    private const int TimeoutMs = 250;

    public required string Host { get; init; }

    /// <summary>1 to 65,535.</summary>
    public required int Port { get; init; }

    public string? User { get; init; }

    public string? Password { get; init; }

    /// <summary>True: TLS, its certificate checked for <see cref="Host"/>.</summary>
    public bool IsTls { get; init; }

    /// <summary>Number of the database, 0 to 15 unless the server is set up for more.</summary>
    public int Database { get; init; }

    /// <summary>Stands before every key. Houses that share one Redis each have their own.</summary>
    public string Prefix { get; init; } = "aos";

    /// <summary>How long one answer may take, 10 ms to 10 s; what takes longer counts as lost. Default 250 ms.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMilliseconds(TimeoutMs);

    /// <summary>Never shows the password.</summary>
    public override string ToString() => $"{(IsTls ? "rediss" : "redis")}://{Host}:{Port}/{Database}";

    /// <summary>
    /// Reads AOS_REDIS_URL, else REDIS_URL: <c>redis://[[user]:password@]host[:port][/database]</c>, or <c>rediss://</c> for TLS, with the
    /// parameters <c>prefix</c> and <c>timeout_ms</c>. Both null: not set. A problem names the setting and shows no password.
    /// </summary>
    public static (RedisOptions? Options, string? Problem) Read(Func<string, string?> setting)
    {
        var name = "AOS_REDIS_URL";
        var url = setting("AOS_REDIS_URL");
        if (string.IsNullOrEmpty(url)) (name, url) = ("REDIS_URL", setting("REDIS_URL"));
        if (string.IsNullOrEmpty(url)) return (null, null);
        var (options, problem) = Parse(url.Trim());
        return problem is null ? (options, null) : (null, $"{name}: {problem} It is redis://[user:password@]host[:port][/database][?prefix=name&timeout_ms=250], or rediss:// for TLS.");
    }

    private static (RedisOptions? Options, string? Problem) Parse(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri)) return (null, "this is no URL (percent-encode what is special in user and password).");
        if (uri.Scheme is not ("redis" or "rediss")) return (null, $"{uri.Scheme}:// is not redis:// or rediss://.");
        if (uri.Host.Length == 0) return (null, "the host is missing.");
        if (uri.Fragment.Length > 0) return (null, "a # has no meaning here (percent-encode it in user and password).");
        var path = uri.AbsolutePath.Trim('/');
        var database = 0;
        if (path.Length > 0 && !(int.TryParse(path, NumberStyles.None, CultureInfo.InvariantCulture, out database) && database < 1_000_000))
            return (null, "what follows the host is the number of a database, such as /0.");
        if (Parameters(uri.Query) is not var (prefix, timeout)) return (null, "its parameters are prefix, 1 to 32 of letters, digits, - and _, and timeout_ms, 10 to 10000.");
        var colon = uri.UserInfo.IndexOf(':', StringComparison.Ordinal);
        var user = Uri.UnescapeDataString(colon < 0 ? uri.UserInfo : uri.UserInfo[..colon]);
        var password = colon < 0 ? "" : Uri.UnescapeDataString(uri.UserInfo[(colon + 1)..]);
        return (new RedisOptions
        {
            Host = uri.IdnHost.Trim('[', ']'), Port = uri.Port > 0 ? uri.Port : 6379, IsTls = uri.Scheme == "rediss", Database = database, Prefix = prefix, Timeout = TimeSpan.FromMilliseconds(timeout),
            User = user.Length > 0 ? user : null, Password = password.Length > 0 ? password : null,
        }, null);
    }

    /// <summary>Null: there is one that is not known, or has no such value.</summary>
    private static (string Prefix, int TimeoutMs)? Parameters(string query)
    {
        var (prefix, timeout) = ("aos", TimeoutMs);
        foreach (var parameter in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = parameter.Split('=');
            if (parts is ["prefix", { Length: > 0 and <= 32 } name] && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')) prefix = name;
            else if (parts is not ["timeout_ms", var ms] || !int.TryParse(ms, NumberStyles.None, CultureInfo.InvariantCulture, out timeout) || timeout is < 10 or > 10_000) return null;
        }

        return (prefix, timeout);
    }
}
