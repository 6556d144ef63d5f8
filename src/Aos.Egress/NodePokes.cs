using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Egress;

/// <summary>
/// Pokes between nodes over HTTP. Nodes live on private addresses, so the rule for targets does not hold here: only the address
/// that a node has itself put into the store is called, with nothing but a run's id, and what comes back is not read.
/// A poke is sealed with the cluster's own key; who repeats one makes a node look into its mail once more.
/// </summary>
internal sealed class NodePokes(IKeyring keyring, TimeProvider clock) : IPokes, IDisposable
{
    /// <summary>How old a seal may be: clocks of nodes differ, and a repeat does no harm.</summary>
    private static readonly TimeSpan AgeMax = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly HttpClient client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        MaxConnectionsPerServer = 4,
        ConnectTimeout = Patience,
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public void Dispose() => client.Dispose();

    public async Task SendAsync(string address, NodeId to, RunId run, CancellationToken cancel)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(Patience);
        try
        {
            if (!Uri.TryCreate(address.TrimEnd('/') + IPokes.Path, UriKind.Absolute, out var target) || target.Scheme is not ("http" or "https")) return;
            using var request = new HttpRequestMessage(HttpMethod.Post, target) { Content = new StringContent(run.ToString(), Encoding.ASCII, "text/plain") };
            request.Headers.Add(IPokes.Header, await SealAsync(to, run, timeout.Token));
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timeout.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JournalUnavailableException or KeyringLockedException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return; // The mail is in the store: the node finds it at its next heartbeat.
        }
    }

    public async Task<bool> IsGenuineAsync(NodeId to, RunId run, string? seal, CancellationToken cancel)
    {
        if (seal is null || seal.Split(':') is not ["v1", var stamp, var mac]) return false;
        if (!long.TryParse(stamp, NumberStyles.None, CultureInfo.InvariantCulture, out var at) || mac.Length != SHA256.HashSizeInBytes * 2) return false;
        if (Math.Abs(clock.GetUtcNow().ToUnixTimeMilliseconds() - at) > AgeMax.TotalMilliseconds) return false;
        var expected = Encoding.ASCII.GetBytes(await MacAsync(to, run, at, cancel));
        return CryptographicOperations.FixedTimeEquals(expected, Encoding.ASCII.GetBytes(mac));
    }

    private async Task<string> SealAsync(NodeId to, RunId run, CancellationToken cancel)
    {
        var at = clock.GetUtcNow().ToUnixTimeMilliseconds();
        var mac = await MacAsync(to, run, at, cancel);
        return string.Create(CultureInfo.InvariantCulture, $"v1:{at}:{mac}");
    }

    private async Task<string> MacAsync(NodeId to, RunId run, long at, CancellationToken cancel) =>
        Convert.ToHexStringLower(await keyring.MacAsync("poke", Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"poke:v1:{to}:{run}:{at}")), cancel));
}
