using System.Diagnostics;
using System.Globalization;

namespace Aos.Chaos;

/// <summary>Starts very many sleeping runs, weighs the process that holds them, and times how a thousand of them wake at once.</summary>
internal sealed class Sleepers(int count, int due, string binary)
{
    private const long MoreBytesMax = 100_000_000;
    private static readonly TimeSpan WakeMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PatienceMax = TimeSpan.FromMinutes(2);

    internal async Task<int> RunAsync()
    {
        var data = Directory.CreateTempSubdirectory("aos-sleepers-").FullName;
        var server = new Server(binary, data, "http://127.0.0.1:1");
        try
        {
            await server.StartAsync();
            await PostAsync(server, "warm", 500, _ => "1ms");
            await Task.Delay(2000);
            var without = server.ResidentBytes;
            Console.WriteLine($"with none:        {Megabytes(without)} MB");

            var since = Stopwatch.StartNew();
            await PostAsync(server, "sleep", count, _ => "30d");
            Console.WriteLine($"{count} started in {since.Elapsed.TotalSeconds:0.0} s ({count / since.Elapsed.TotalSeconds:0} a second, over HTTP, each durable)");
            await Task.Delay(5000);
            var with = server.ResidentBytes;
            Console.WriteLine($"with {count}:   {Megabytes(with)} MB, {Megabytes(with - without)} MB more (limit {Megabytes(MoreBytesMax)})");

            var took = await WakeAsync(server);
            Console.WriteLine($"{due} due at once: the last one over {took.TotalMilliseconds:0} ms after it was due (limit {WakeMax.TotalMilliseconds:0})");
            return with - without < MoreBytesMax && took < WakeMax ? 0 : 1;
        }
        finally
        {
            server.Dispose();
            Directory.Delete(data, recursive: true);
        }
    }

    /// <summary>All are due at the same moment, some seconds ahead; how long after it the last one was over.</summary>
    private async Task<TimeSpan> WakeAsync(Server server)
    {
        var moment = DateTimeOffset.UtcNow.AddSeconds(10);
        await PostAsync(server, "due", due, _ => string.Create(CultureInfo.InvariantCulture, $"{(long)(moment - DateTimeOffset.UtcNow).TotalMilliseconds}ms"), "due");
        if (DateTimeOffset.UtcNow > moment) throw new InvalidOperationException("The runs took too long to start.");
        await Task.Delay(moment - DateTimeOffset.UtcNow);
        while (DateTimeOffset.UtcNow - moment < PatienceMax)
        {
            var over = await server.CountAsync("due", "succeeded");
            var passed = DateTimeOffset.UtcNow - moment;
            if (over >= due) return passed;
            await Task.Delay(50);
        }

        return PatienceMax;
    }

    private static Task PostAsync(Server server, string key, int count, Func<int, string> sleep, string agent = "sleeper") => Parallel.ForAsync(
        0, count, new ParallelOptions { MaxDegreeOfParallelism = 128 }, async (n, _) =>
        {
            var plan = new { name = "sleeper", steps = new object[] { new { id = "nap", sleep = sleep(n) }, new { id = "say", skill = "echo", @params = new { n } } } };
            if (await server.PostAsync($"{key}-{n}", plan, agent) is null) throw new InvalidOperationException("The server did not answer.");
        });

    private static string Megabytes(long bytes) => (bytes / 1e6).ToString("0.0", CultureInfo.InvariantCulture);
}
