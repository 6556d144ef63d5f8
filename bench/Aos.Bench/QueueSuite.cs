using System.Globalization;
using System.Text;
using Aos.App;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Runs;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Aos.Bench;

/// <summary>
/// One tenant has very many runs in line, of which a few are at work at any time; how long another tenant's run then takes from its
/// start to its first step. Each measurement has a database of its own.
/// </summary>
internal sealed class QueueSuite(int queued, string direct, string bouncer)
{
    private const int Slots = 8;
    private const int Samples = 100;
    private const string Key = "bench-key-of-this-run-only-0123456789";
    private static readonly TimeSpan BeginsWithin = TimeSpan.FromSeconds(1);
    private static readonly Caller Crowd = Of("crowd"), Other = Of("other");

    internal async Task<bool> RunAsync()
    {
        var kept = await MeasureAsync("PostgreSQL, each tenant with 8 slots", direct, isFull: false);
        kept &= await MeasureAsync("PgBouncer, each tenant with 8 slots", bouncer, isFull: false);
        kept &= await MeasureAsync("PostgreSQL, a node that is full", direct, isFull: true);
        Console.WriteLine(kept ? "every promise is kept" : "NOT every promise is kept");
        return kept;
    }

    private async Task<bool> MeasureAsync(string what, string url, bool isFull)
    {
        var name = $"bench_{Environment.ProcessId}_{Guid.NewGuid():N}";
        await ExecuteAsync($"CREATE DATABASE {name}");
        var folder = Directory.CreateTempSubdirectory("aos-bench-").FullName;
        try
        {
            Environment.SetEnvironmentVariable("AOS_DATABASE_URL", new UriBuilder(url) { Path = name }.Uri.AbsoluteUri);
            Environment.SetEnvironmentVariable("AOS_MASTER_KEY", Key);
            return await InHouseAsync(what, folder, isFull);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
            await ExecuteAsync($"DROP DATABASE {name} WITH (FORCE)");
        }
    }

    private async Task<bool> InHouseAsync(string what, string folder, bool isFull)
    {
        var services = new ServiceCollection();
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddHouse(new ConfigurationBuilder().Build(), new HouseOptions(folder, Path.Combine(folder, "workspace")));
        await using var house = services.BuildServiceProvider();
        var options = house.GetRequiredService<RunsOptions>();
        options.Limits = Limits(0); // Nothing begins while the line is made.
        foreach (var hosted in house.GetServices<IHostedService>().Concat(house.GetServices<ILater>())) await hosted.StartAsync(CancellationToken.None);
        var since = System.Diagnostics.Stopwatch.StartNew();
        await Parallel.ForAsync(0, queued, new ParallelOptions { MaxDegreeOfParallelism = 256 }, async (i, _) => await StartAsync(house, Crowd, i));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {queued:N0} stored in {since.Elapsed.TotalSeconds:N0} s"));
        if (isFull) (options.Limits, options.LiveMax) = (RunLimits.None, Slots);
        else options.Limits = Limits(Slots);
        await StartAsync(house, Crowd, queued); // It brings the limit to the store.
        var before = await InLineAsync(house);
        var waits = new List<double>();
        for (var i = 0; i < Samples; i++) waits.Add(await BeginAsync(house, i));
        var after = await InLineAsync(house);
        foreach (var hosted in house.GetServices<ILater>().Concat(house.GetServices<IHostedService>())) await hosted.StopAsync(CancellationToken.None);
        waits.Sort();
        var kept = waits[^1] < BeginsWithin.TotalMilliseconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: {before:N0} of one tenant in line, {after:N0} at the end; another tenant's run begins after {waits[Samples / 2]:N1} ms (p50), {waits[Samples * 95 / 100]:N1} ms (p95), {waits[^1]:N1} ms (longest of {Samples}); promised < {BeginsWithin.TotalMilliseconds:N0} {(kept ? "yes" : "NO")}"));
        return kept;
    }

    /// <summary>Milliseconds from before its start was asked for until its first step.</summary>
    private static async Task<double> BeginAsync(IServiceProvider house, int i)
    {
        var asked = house.GetRequiredService<ICluster>().Now; // By the clock that events are dated with.
        var run = await StartAsync(house, Other, i);
        var state = await house.GetRequiredService<IRuns>().WaitAsync(Other, run, TimeSpan.FromSeconds(60), CancellationToken.None);
        if (state is not { Status: RunStatus.Succeeded, BegunAt: { } begun }) throw new InvalidOperationException($"Run {run} is {state?.Status}.");
        return (begun - asked).TotalMilliseconds;
    }

    private static async Task<RunId> StartAsync(IServiceProvider house, Caller caller, int i)
    {
        var plan = PlanReader.Read(Json.Parse(Encoding.UTF8.GetBytes(Bodies.Plan(i))), house.GetRequiredService<ISkills>().Terms).Plan!;
        var reply = await house.GetRequiredService<IRuns>().StartAsync(caller, new StartRequest("bench", plan, Json.EmptyObject), CancellationToken.None);
        return reply is StartReply.Started started ? started.Run : throw new InvalidOperationException($"A start was answered with {reply}.");
    }

    private static Task<int> InLineAsync(IServiceProvider house) => house.GetRequiredService<IRunRows>().QueuedAsync(Crowd.Tenant, int.MaxValue, CancellationToken.None);

    private static RunLimits Limits(int most) => new([new RunLimitRule("*", null, most)]);

    private static Caller Of(string tenant) => new(new TenantId(tenant), "bench", ["admin"]);

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(PostgresSuite.Connection(direct, null));
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
