using System.Collections.Immutable;
using System.Net;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Skills;

namespace Aos.Testing;

/// <summary>What a peer answers.</summary>
/// <param name="Body">As it comes over the wire.</param>
public sealed record StubResponse(int Status = 200, string Body = "{}")
{
    public string ContentType { get; init; } = "application/json";

    /// <summary>Beside the content type and <c>X-Stub: true</c>.</summary>
    public ImmutableSortedDictionary<string, string> Headers { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public int LatencyMs { get; init; } = 50;
}

/// <summary>
/// <c>http_call</c> and <c>http_get</c> before peers that a test recorded. An answer is found by the whole URL, else by the first pattern that
/// is a part of it; any other URL is answered with 200 and a body in which <c>stub</c> is true.
/// </summary>
public sealed class StubHttp : StubSkill
{
    private readonly Peers peers;

    /// <param name="clock">For what peers say about times; null: the system's.</param>
    public StubHttp(TimeProvider? clock = null)
        : this(new StubFaults(), clock ?? TimeProvider.System)
    {
    }

    private StubHttp(StubFaults faults, TimeProvider clock)
        : this(faults, new Peers(faults), clock)
    {
    }

    private StubHttp(StubFaults faults, Peers peers, TimeProvider clock)
        : base(
            faults,
            new Registered<HttpCallIn, HttpCallOut>("http_call", () => new HttpCall(peers, clock)),
            new Registered<HttpGetIn, HttpCallOut>("http_get", () => new HttpGet(new HttpCall(peers, clock)))) => this.peers = peers;

    /// <summary>What was sent, in order: also repeats and headers that the skill adds.</summary>
    public IReadOnlyList<EgressRequest> Sent => peers.Sent;

    /// <summary>Records what a URL is answered with.</summary>
    /// <param name="pattern">The URL, or a part of it, whatever case.</param>
    /// <param name="inTurn">One answer a request; the last one stays.</param>
    public StubHttp Answer(string pattern, params StubResponse[] inTurn)
    {
        peers.Add(pattern, inTurn);
        return this;
    }

    /// <summary>Has requests to a URL fail before there is any answer.</summary>
    /// <param name="code">Of the catalog, such as <c>DNS_FAILURE</c>, or an older name of one.</param>
    /// <param name="times">So often, then it is answered.</param>
    public StubHttp AddError(string pattern, string code, string message = "The stub says so.", int times = int.MaxValue)
    {
        Faults.Add(pattern, code, message, times, null);
        return this;
    }

    public override void Reset()
    {
        base.Reset();
        peers.Reset();
    }

    /// <summary>A way out that ends at what was recorded.</summary>
    private sealed class Peers(StubFaults faults) : IEgress
    {
        private readonly Lock gate = new();
        private readonly List<Recorded> recorded = [];
        private readonly List<EgressRequest> sent = [];

        internal IReadOnlyList<EgressRequest> Sent
        {
            get
            {
                lock (gate) return [.. sent];
            }
        }

        public Task<(EgressResponse? Response, Failure? Failure)> SendAsync(EgressRequest request, CancellationToken cancel)
        {
            lock (gate) sent.Add(request);
            if (faults.Next(request.Url) is { } fault) return Task.FromResult<(EgressResponse?, Failure?)>((null, fault));
            var said = Find(request.Url);
            List<KeyValuePair<string, string>> headers = [new("Content-Type", said.ContentType), new("X-Stub", "true"), .. said.Headers];
            return Task.FromResult<(EgressResponse?, Failure?)>(
                (new EgressResponse(said.Status, headers, Encoding.UTF8.GetBytes(said.Body), request.Url, TimeSpan.FromMilliseconds(said.LatencyMs)), null));
        }

        public Task<Failure?> CheckAsync(string url, CancellationToken cancel) => Task.FromResult<Failure?>(null);

        public HttpMessageHandler Handler(bool isOfHouse = false) => throw new NotSupportedException("Behind the stub there is nobody to connect to.");

        public Task<(IReadOnlyList<IPAddress> Addresses, Failure? Failure)> ResolveAsync(string host, int port, EgressProtocol protocol, CancellationToken cancel) =>
            Task.FromResult<(IReadOnlyList<IPAddress>, Failure?)>(([], Nobody(host)));

        public Task<(Stream? Stream, Failure? Failure)> ConnectAsync(string host, int port, EgressProtocol protocol, CancellationToken cancel) =>
            Task.FromResult<(Stream?, Failure?)>((null, Nobody(host)));

        internal void Add(string pattern, StubResponse[] inTurn)
        {
            if (inTurn.Length == 0) inTurn = [new StubResponse()];
            lock (gate) recorded.Add(new Recorded(pattern, inTurn));
        }

        internal void Reset()
        {
            lock (gate)
            {
                sent.Clear();
                recorded.ForEach(answers => answers.Given = 0);
            }
        }

        private static Failure Nobody(string host) => FailureCatalog.Fail("EGRESS_BLOCKED", $"{host}: behind the stub there is nobody to connect to.");

        private StubResponse Find(string url)
        {
            lock (gate)
            {
                var found = recorded.Find(answers => answers.Pattern.Equals(url, StringComparison.Ordinal))
                    ?? recorded.Find(answers => url.Contains(answers.Pattern, StringComparison.OrdinalIgnoreCase));
                return found is null
                    ? new StubResponse(200, $$"""{"message":"Nothing was recorded.","stub":true,"url":{{Json.Of(url).GetRawText()}}}""")
                    : found.InTurn[Math.Min(found.Given++, found.InTurn.Length - 1)];
            }
        }

        private sealed class Recorded(string pattern, StubResponse[] inTurn)
        {
            internal string Pattern => pattern;

            internal StubResponse[] InTurn => inTurn;

            internal int Given { get; set; }
        }
    }
}
