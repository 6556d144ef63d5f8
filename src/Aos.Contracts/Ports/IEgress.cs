using System.Net;
using Aos.Kernel;

namespace Aos.Contracts;

/// <summary>One outbound HTTP request.</summary>
/// <param name="Url">Absolute http or https URL.</param>
/// <param name="ResponseBytesMax">Longer answers fail with <c>RESPONSE_TOO_LARGE</c>.</param>
/// <param name="RedirectsMax">0: a redirect is the answer. Every hop is checked anew; credentials are dropped across origins.</param>
public sealed record EgressRequest(
    string Method,
    string Url,
    IReadOnlyList<KeyValuePair<string, string>> Headers,
    ReadOnlyMemory<byte>? Body,
    string? ContentType,
    TimeSpan Timeout,
    long ResponseBytesMax = 10 * 1024 * 1024,
    int RedirectsMax = 5);

public sealed record EgressResponse(
    int Status, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body, string FinalUrl, TimeSpan Latency);

/// <summary>What is spoken to a target that is no web server.</summary>
public enum EgressProtocol
{
    /// <summary>HTTP, and nothing else.</summary>
    Http,

    /// <summary>May go to port 5432.</summary>
    Postgres,

    /// <summary>May go to the ports 25, 465 and 587.</summary>
    Smtp,
}

/// <summary>
/// The one way out. A target is judged by the addresses its name resolves to, and the connection goes to a judged
/// address. Loopback, private, link-local, multicast and metadata addresses are refused unless allow-listed. What the call's
/// agent may not reach (<see cref="OutboundRule"/>) is refused too, at the first request and at every redirect.
/// </summary>
public interface IEgress
{
    /// <summary>The answer, or why there is none. Throws only when cancelled.</summary>
    Task<(EgressResponse? Response, Failure? Failure)> SendAsync(EgressRequest request, CancellationToken cancel);

    /// <summary>A handler with the same guard for client libraries that bring their own HTTP code.</summary>
    /// <param name="isOfHouse">
    /// True: only for targets that the house configured and no plan can choose. What holds the call (<see cref="OutboundRule"/>) does
    /// not hold there. Else a target that it forbids is a <see cref="TargetRefusedException"/>.
    /// </param>
    HttpMessageHandler Handler(bool isOfHouse = false);

    /// <summary>Judges a URL without connecting: null, or the refusal (code <c>EGRESS_BLOCKED</c> or <c>DNS_FAILURE</c>).</summary>
    Task<Failure?> CheckAsync(string url, CancellationToken cancel);

    /// <summary>
    /// Addresses of a host, all judged, for client libraries that connect by themselves: they may go to these and to no others. Or the
    /// refusal, as of <see cref="CheckAsync"/>. Ports of other protocols than the one that is spoken are refused.
    /// </summary>
    Task<(IReadOnlyList<IPAddress> Addresses, Failure? Failure)> ResolveAsync(string host, int port, EgressProtocol protocol, CancellationToken cancel);

    /// <summary>A connection to a judged address of a host, to be disposed; or why there is none. Throws only when cancelled.</summary>
    Task<(Stream? Stream, Failure? Failure)> ConnectAsync(string host, int port, EgressProtocol protocol, CancellationToken cancel);
}
