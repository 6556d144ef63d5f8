using System.Globalization;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Aos.App.Server;

/// <summary>What the HTTP server takes of one connection and one request, and what it proves itself with.</summary>
internal sealed record ServerOptions
{
    /// <summary>Largest body of a request, bytes.</summary>
    internal int BodyBytesMax { get; init; } = 32 * 1024 * 1024;

    /// <summary>A body has arrived within this time, however it trickles.</summary>
    internal TimeSpan BodyTimeMax { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Slowest a body may arrive, bytes a second, after <see cref="BodyGrace"/>.</summary>
    internal int BodyBytesPerSecondMin { get; init; } = 240;

    internal TimeSpan BodyGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The head of a request has arrived within this time.</summary>
    internal TimeSpan HeadersTimeMax { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A connection without a request is closed after this time.</summary>
    internal TimeSpan IdleTimeMax { get; init; } = TimeSpan.FromSeconds(130);

    /// <summary>Connections at once; further ones are closed as they come.</summary>
    internal int ConnectionsMax { get; init; } = 10_000;

    /// <summary>Bytes of a request's first line.</summary>
    internal const int LineBytesMax = 8 * 1024;

    /// <summary>Bytes of a request's headers together.</summary>
    internal const int HeaderBytesMax = 32 * 1024;

    internal const int HeadersMax = 100;

    /// <summary>Requests at once on one connection of HTTP/2, which there is over TLS only.</summary>
    private const int StreamsMax = 100;

    /// <summary>Null: the server speaks plain HTTP.</summary>
    internal TlsOptions? Tls { get; init; }

    /// <summary>Origins whose pages may call the API.</summary>
    internal IReadOnlyList<string> Origins { get; init; } = [];

    internal LogOptions Log { get; init; } = new();

    /// <summary>What keeps the server from starting; empty: nothing.</summary>
    internal IReadOnlyList<string> Problems { get; init; } = [];

    internal static ServerOptions Read(Func<string, string?> setting)
    {
        var problems = new List<string>();
        int Whole(string name, int min, int max, int otherwise)
        {
            if (setting(name) is not { } text) return otherwise;
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max) return number;
            problems.Add($"{name} is a whole number from {min} to {max}, not '{text}'.");
            return otherwise;
        }

        var standard = new ServerOptions();
        return new ServerOptions
        {
            BodyBytesMax = Whole("AOS_BODY_BYTES_MAX", 1024, 1024 * 1024 * 1024, standard.BodyBytesMax),
            BodyTimeMax = TimeSpan.FromSeconds(Whole("AOS_BODY_SECONDS_MAX", 1, 3_600, (int)standard.BodyTimeMax.TotalSeconds)),
            BodyBytesPerSecondMin = Whole("AOS_BODY_BYTES_PER_SECOND_MIN", 1, 1_000_000, standard.BodyBytesPerSecondMin),
            HeadersTimeMax = TimeSpan.FromSeconds(Whole("AOS_HEADERS_SECONDS_MAX", 1, 300, (int)standard.HeadersTimeMax.TotalSeconds)),
            ConnectionsMax = Whole("AOS_CONNECTIONS_MAX", 1, 1_000_000, standard.ConnectionsMax),
            Log = LogOptions.Read(setting, problems),
            Tls = TlsOptions.Read(setting, problems),
            Origins = AllowedOrigins.Read(setting, problems),
            Problems = problems,
        };
    }

    internal void Limit(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        // Bodies are counted while they are read. Kestrel's own limit would cut the connection before the answer is read.
        limits.MaxRequestBodySize = null;
        limits.MinRequestBodyDataRate = new MinDataRate(BodyBytesPerSecondMin, BodyGrace);
        limits.RequestHeadersTimeout = HeadersTimeMax;
        limits.KeepAliveTimeout = IdleTimeMax;
        limits.MaxConcurrentConnections = ConnectionsMax;
        limits.MaxRequestLineSize = LineBytesMax;
        limits.MaxRequestHeadersTotalSize = HeaderBytesMax;
        limits.MaxRequestHeaderCount = HeadersMax;
        limits.Http2.MaxStreamsPerConnection = StreamsMax;
        limits.Http2.MaxRequestHeaderFieldSize = LineBytesMax;
    }
}
