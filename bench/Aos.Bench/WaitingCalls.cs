using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Aos.Contracts;
using Aos.Egress;
using Aos.Kernel;
using Aos.Skills;

namespace Aos.Bench;

/// <summary>What calls cost while they wait: 200 <c>http_call</c>s at once to a peer that answers nobody before all have asked, several times over.</summary>
internal static class WaitingCalls
{
    private const int Calls = 200;
    private const int Rounds = 20;

    internal static async Task<bool> RunAsync()
    {
        using var peer = new Peer();
        using var egress = new Aos.Egress.Egress(new EgressOptions { Allow = ["127.0.0.1"] });
        var skill = new Registered<HttpCallIn, HttpCallOut>("http_call", () => new HttpCall(egress, TimeProvider.System));
        var call = new SkillCall(TenantId.Default, null, null, "bench", "bench-1", 1, TimeSpan.FromSeconds(30));
        var parameters = Json.Parse($$"""{"url":"http://127.0.0.1:{{peer.Port}}/"}""");
        var times = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            var began = Stopwatch.GetTimestamp();
            var outcomes = await Task.WhenAll(Enumerable.Range(0, Calls).Select(_ => skill.InvokeAsync(parameters, call, default)));
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            if (Array.Find(outcomes, outcome => !outcome.Ok) is { } failed) throw new InvalidOperationException(failed.Failure!.Message);
        }

        times.Sort();
        var kept = peer.Threads <= Calls / 2;
        Console.WriteLine(FormattableString.Invariant(
            $"{Calls} calls at once to a peer that waits for all of them: {times[Rounds / 2]:N1} ms a round in the middle, {times[0]:N1} ms at best, {peer.Threads} threads at most (<= {Calls / 2}): {(kept ? "yes" : "NO")}"));
        return kept;
    }

    private sealed class Peer : IDisposable
    {
        private static readonly byte[] Answer = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly Lock gate = new();
        private TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int waiting;

        internal Peer()
        {
            listener.Start(1024);
            _ = ServeAsync();
        }

        internal int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

        /// <summary>Of the pool, when the last call of a round had come.</summary>
        internal int Threads { get; private set; }

        public void Dispose() => listener.Dispose();

        private async Task ServeAsync()
        {
            try
            {
                while (true) _ = TalkAsync(await listener.AcceptSocketAsync());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }

        private async Task TalkAsync(Socket socket)
        {
            using (socket)
            {
                var buffer = new byte[4096];
                while (await ReadAsync(socket, buffer))
                {
                    await Arrived();
                    await socket.SendAsync(Answer);
                }
            }
        }

        /// <summary>The requests here are short and have no body: one ends where a read ends with an empty line.</summary>
        private static async Task<bool> ReadAsync(Socket socket, byte[] buffer)
        {
            for (var length = 0; ;)
            {
                var read = await socket.ReceiveAsync(buffer.AsMemory(length));
                if (read == 0) return false;
                length += read;
                if (buffer.AsSpan(0, length).EndsWith("\r\n\r\n"u8)) return true;
            }
        }

        private Task Arrived()
        {
            lock (gate)
            {
                var waits = all.Task;
                if (++waiting < Calls) return waits;
                Threads = Math.Max(Threads, ThreadPool.ThreadCount);
                all.SetResult();
                (all, waiting) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), 0);
                return waits;
            }
        }
    }
}
