namespace Aos.Client;

/// <summary>Settings of <see cref="AosClient"/>.</summary>
public sealed record AosClientOptions
{
    /// <summary>Sent as <c>X-AOS-Key</c>; null: none, which a development server accepts from the same machine.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Further tries of a request that may safely be sent again. 0 to 10, default 2.</summary>
    public int Retries { get; init; } = 2;

    /// <summary>Wait before the first further try; it doubles each time. The server's <c>Retry-After</c> counts if it is longer. Default 200 ms.</summary>
    public TimeSpan Backoff { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest wait between two tries. Default 10 s.</summary>
    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The clock of the waits.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
