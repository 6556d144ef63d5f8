using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Egress;

/// <summary>A target's address is not allowed.</summary>
internal sealed class EgressBlockedException(string message) : IOException(message);

/// <summary>
/// The one way out. The name is resolved here, every address is judged, and the connection goes to a judged address, so
/// that a name cannot change its mind in between. No proxy is used; every redirect is a new request, judged anew.
/// </summary>
internal sealed class Egress : IEgress, IDisposable
{
    /// <summary>A call that waits for a slow peer holds a connection and no thread; how many may go there is the limits' affair, not hidden here.</summary>
    private const int ConnectionsPerTargetMax = 256;

    /// <summary>
    /// Set on a request when a connection is opened for it. The client would open another one when that breaks, and send the request again, three
    /// times; but retries are the run's. A connection that was kept from earlier and has ended since is replaced all the same.
    /// </summary>
    private static readonly HttpRequestOptionsKey<bool> Opened = new("aos.opened");

    private readonly AddressRule rule;
    private readonly HttpClient client;
    private readonly Func<string, CancellationToken, Task<IPAddress[]>> resolve;

    public Egress(EgressOptions options)
        : this(options, Dns.GetHostAddressesAsync)
    {
    }

    internal Egress(EgressOptions options, Func<string, CancellationToken, Task<IPAddress[]>> resolve)
    {
        rule = new AddressRule(options);
        this.resolve = resolve;
        client = new HttpClient(Guarded(unpacks: false)) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>Headers that say what is wanted, not who wants it: they alone follow a redirect to another origin.</summary>
    private static readonly HashSet<string> Travelling = new(StringComparer.OrdinalIgnoreCase)
    {
        "Accept", "Accept-Encoding", "Accept-Language", "Cache-Control", "Content-Language", "Content-Type", "If-Match", "If-Modified-Since", "If-None-Match",
        "If-Unmodified-Since", "Pragma", "Range", "User-Agent",
    };

    public HttpMessageHandler Handler(bool isOfHouse = false) => new RuledHandler(Guarded(unpacks: true), isOfHouse, resolve);

    public void Dispose() => client.Dispose();

    public async Task<Failure?> CheckAsync(string url, CancellationToken cancel)
    {
        if (Parse(url) is not { } uri) return Malformed(url);
        try
        {
            await JudgedAsync(uri.IdnHost, uri.Port, cancel);
            return null;
        }
        catch (EgressBlockedException e)
        {
            return FailureCatalog.Fail("EGRESS_BLOCKED", e.Message);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            return FailureCatalog.Fail("DNS_FAILURE", $"{uri.IdnHost} could not be resolved: {e.Message}");
        }
    }

    public async Task<(IReadOnlyList<IPAddress> Addresses, Failure? Failure)> ResolveAsync(string host, int port, EgressProtocol protocol, CancellationToken cancel)
    {
        try
        {
            if (OutboundRule.Current is { } rule && await KeptAsync(rule, host, port, cancel) is { } kept) return ([], kept);
            var addresses = await JudgedAsync(host, port, cancel, protocol);
            return addresses.Length > 0 ? (addresses, null) : ([], FailureCatalog.Fail("DNS_FAILURE", $"{host} has no address."));
        }
        catch (Exception e) when (e is EgressBlockedException or SocketException or ArgumentException)
        {
            return ([], Told(host, e));
        }
    }

    public async Task<(Stream? Stream, Failure? Failure)> ConnectAsync(string host, int port, EgressProtocol protocol, CancellationToken cancel)
    {
        var (addresses, refusal) = await ResolveAsync(host, port, protocol, cancel);
        if (refusal is not null) return (null, refusal);
        try
        {
            return (await OpenAsync([.. addresses], port, cancel), null);
        }
        catch (SocketException e)
        {
            return (null, Told($"{host}:{port}", e));
        }
    }

    public async Task<(EgressResponse? Response, Failure? Failure)> SendAsync(EgressRequest request, CancellationToken cancel)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(request.Timeout);
        try
        {
            return await FollowAsync(request, timeout.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return (null, FailureCatalog.Fail("TIMEOUT", $"{request.Url} did not answer within {request.Timeout.TotalSeconds:0.###} s."));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            return (null, Told(request.Url, e));
        }
    }

    private async Task<(EgressResponse?, Failure?)> FollowAsync(EgressRequest request, CancellationToken cancel)
    {
        var started = Stopwatch.GetTimestamp();
        if (Parse(request.Url) is not { } uri) return (null, Malformed(request.Url));
        var method = new HttpMethod(request.Method);
        var body = request.Body;
        var sameOrigin = true;
        for (var hop = 0; ; hop++)
        {
            if (OutboundRule.Current is { } rule && (await rule.RefusalAsync(uri, cancel) ?? await KeptAsync(rule, uri, cancel)) is { } refusal) return (null, refusal);
            using var message = new HttpRequestMessage(method, uri);
            Fill(message, request, body, sameOrigin);
            using var answer = await client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancel);
            var status = (int)answer.StatusCode;
            if (status < 200) return (null, FailureCatalog.Fail("CONNECTION_RESET", $"{uri.Host} answered {status}, with which no answer ends."));
            if (status is 301 or 302 or 303 or 307 or 308 && request.RedirectsMax > 0 && answer.Headers.Location is { } location)
            {
                if (hop == request.RedirectsMax)
                    return (null, FailureCatalog.Fail("HTTP_4XX", $"{request.Url} redirects more than {request.RedirectsMax} times."));
                if (!Uri.TryCreate(uri, location, out var next)) return (null, Malformed(location.OriginalString));
                if (Parse(next.AbsoluteUri) is null) return (null, Malformed(next.AbsoluteUri));
                if (uri.Scheme == "https" && next.Scheme == "http")
                    return (null, FailureCatalog.Fail("EGRESS_BLOCKED", $"{uri.Host} redirects from https to http."));
                // Once away from home, credentials stay away: a redirect back must not bring them along.
                sameOrigin &= uri.Scheme == next.Scheme && uri.IdnHost == next.IdnHost && uri.Port == next.Port;
                uri = next;
                if (status == 303 || (status is 301 or 302 && method == HttpMethod.Post)) (method, body) = (HttpMethod.Get, null);
                continue;
            }

            var (bytes, tooLarge) = await ReadAsync(answer, request.ResponseBytesMax, cancel);
            if (tooLarge) return (null, FailureCatalog.Fail("RESPONSE_TOO_LARGE", $"{uri.Host} answered with more than {request.ResponseBytesMax} bytes."));
            return (new EgressResponse(status, Headers(answer), bytes, uri.AbsoluteUri, Stopwatch.GetElapsedTime(started)), null);
        }
    }

    /// <summary>What holds for web servers holds for those of other protocols.</summary>
    private async ValueTask<Failure?> KeptAsync(OutboundRule rule, string host, int port, CancellationToken cancel)
    {
        var shown = host.Contains(':', StringComparison.Ordinal) ? $"[{host.Trim('[', ']')}]" : host;
        if (!Uri.TryCreate(string.Create(CultureInfo.InvariantCulture, $"https://{shown}:{port}/"), UriKind.Absolute, out var target))
            return FailureCatalog.Fail("DNS_FAILURE", $"{host} is no name of a host.");
        if (await rule.RefusalAsync(target, cancel) is { } refusal) return refusal;
        return rule.Calls is { } calls ? await calls.RefusalAsync(host, port, resolve, cancel) : null;
    }

    private async ValueTask<Failure?> KeptAsync(OutboundRule rule, Uri target, CancellationToken cancel) =>
        rule.Calls is { } calls ? await calls.RefusalAsync(target.IdnHost, target.Port, resolve, cancel) : null;

    /// <summary>
    /// The client sends a request without a body once more when a kept connection ends before the answer. What must not happen twice
    /// therefore has one, be it empty: then it is the run that decides.
    /// </summary>
    private static bool IsSentOnce(HttpMethod method) => method == HttpMethod.Post || method == HttpMethod.Patch;

    private static void Fill(HttpRequestMessage message, EgressRequest request, ReadOnlyMemory<byte>? body, bool sameOrigin)
    {
        if (body is { } content)
        {
            message.Content = new ReadOnlyMemoryContent(content);
            var asked = request.Headers.Any(header => header.Key.Equals("Content-Type", StringComparison.OrdinalIgnoreCase));
            if (!asked && request.ContentType is { } type) message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        }
        else if (IsSentOnce(message.Method))
        {
            message.Content = new ReadOnlyMemoryContent(default);
        }

        if (!request.Headers.Any(header => header.Key.Equals("Accept-Encoding", StringComparison.OrdinalIgnoreCase))) message.Headers.TryAddWithoutValidation("Accept-Encoding", Unpacking.Accepted);
        foreach (var (name, value) in request.Headers)
        {
            if (!sameOrigin && !Travelling.Contains(name)) continue;
            if (!message.Headers.TryAddWithoutValidation(name, value)) message.Content?.Headers.TryAddWithoutValidation(name, value);
        }
    }

    /// <summary>Those of the body as it was sent say nothing of the one that was unpacked.</summary>
    private static List<KeyValuePair<string, string>> Headers(HttpResponseMessage answer)
    {
        var isUnpacked = IsUnpacked(answer);
        return
        [
            .. answer.Headers.Concat(answer.Content.Headers)
                .Where(header => !isUnpacked || !(header.Key.Equals("Content-Encoding", StringComparison.OrdinalIgnoreCase) || header.Key.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)))
                .Select(header => KeyValuePair.Create(header.Key, string.Join(", ", header.Value))),
        ];
    }

    /// <summary>A body in an encoding that nobody asked for stays as it is.</summary>
    private static bool IsUnpacked(HttpResponseMessage answer) => answer.Content.Headers.ContentEncoding is { Count: > 0 } encodings && encodings.All(Unpacking.IsKnown);

    private static async Task<(byte[] Bytes, bool TooLarge)> ReadAsync(HttpResponseMessage answer, long max, CancellationToken cancel)
    {
        await using var stream = await answer.Content.ReadAsStreamAsync(cancel);
        using var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await stream.ReadAsync(chunk, cancel)) > 0)
        {
            if (buffer.Length + read > max) return ([], true);
            buffer.Write(chunk, 0, read);
        }

        try
        {
            var plain = IsUnpacked(answer) ? Unpacking.Of(buffer.ToArray(), [.. answer.Content.Headers.ContentEncoding], max) : buffer.ToArray();
            return (plain ?? [], plain is null);
        }
        catch (InvalidDataException e)
        {
            throw new IOException($"The answer cannot be unpacked: {e.Message}", e);
        }
    }

    private SocketsHttpHandler Guarded(bool unpacks) => new()
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        MaxConnectionsPerServer = ConnectionsPerTargetMax,
        AutomaticDecompression = unpacks ? DecompressionMethods.All : DecompressionMethods.None,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        ConnectCallback = async (context, cancel) =>
        {
            if (context.InitialRequestMessage.Options.TryGetValue(Opened, out _)) throw new IOException("The connection ended before the answer.");
            context.InitialRequestMessage.Options.Set(Opened, true);
            var addresses = await JudgedAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, cancel);
            return await OpenAsync(addresses, context.DnsEndPoint.Port, cancel);
        },
    };

    private static async Task<Stream> OpenAsync(IPAddress[] addresses, int port, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<IPAddress[]> JudgedAsync(string host, int port, CancellationToken cancel, EgressProtocol protocol = EgressProtocol.Http)
    {
        var name = host.Trim('[', ']').TrimEnd('.');
        var addresses = IPAddress.TryParse(name, out var literal) ? [literal] : await resolve(name, cancel);
        foreach (var address in addresses)
        {
            if (!rule.Allows(name, port, address, protocol)) throw new EgressBlockedException($"{host} is {address}, port {port}: not a public address and {(protocol == EgressProtocol.Http ? "web port" : $"port of {protocol}")}.");
        }

        return addresses;
    }

    private static Uri? Parse(string url) =>
        !url.Any(char.IsControl) && Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0 ? uri : null;

    /// <summary>What may hold a password, or would break the line, is not repeated.</summary>
    private static Failure Malformed(string url)
    {
        var named = url.Contains('@', StringComparison.Ordinal) || url.Any(char.IsControl) ? "The URL" : $"'{url}'";
        return FailureCatalog.Fail("INVALID_INPUT", $"{named} is no absolute http or https URL without credentials and control characters.");
    }

    private static Failure Told(string url, Exception e)
    {
        if (e is HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded })
            return FailureCatalog.Fail("RESPONSE_TOO_LARGE", $"{url} answered with larger headers than are read.");
        for (var inner = e; inner is not null; inner = inner.InnerException)
        {
            switch (inner)
            {
                case EgressBlockedException: return FailureCatalog.Fail("EGRESS_BLOCKED", inner.Message);
                case AuthenticationException: return FailureCatalog.Fail("TLS_FAILURE", $"{url}: {inner.Message}");
                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain or SocketError.NoRecovery }:
                    return FailureCatalog.Fail("DNS_FAILURE", $"{url}: {inner.Message}");
                case ArgumentException: return FailureCatalog.Fail("DNS_FAILURE", $"{url}: no name server takes this name.");
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }:
                    return FailureCatalog.Fail("CONNECTION_REFUSED", $"{url}: {inner.Message}");
            }
        }

        return FailureCatalog.Fail("CONNECTION_RESET", $"{url}: {e.Message}");
    }
}
