using Aos.App;
using Aos.App.Server;
using Aos.Bench;

// What this measures and how: docs/benchmarks.md.
var (direct, bouncer) = (Environment.GetEnvironmentVariable("AOS_TEST_POSTGRES"), Environment.GetEnvironmentVariable("AOS_TEST_PGBOUNCER"));
string? peers = null;
if (args is ["postgres", .., "--peers", var scripts]) (peers, args) = (scripts, args[..^2]);
switch (args)
{
    case ["embedded", var data, var runs, var inFlight]:
        await Embedded.RunAsync(data, Whole(runs), Whole(inFlight), "echo");
        return 0;
    case ["effects", var data, var runs, var inFlight]:
        await Embedded.RunAsync(data, Whole(runs), Whole(inFlight), Act.Name);
        return 0;
    case ["runs", var url, var key, var runs, var inFlight]:
        await Remote.RunsAsync(url, key, Whole(runs), Whole(inFlight));
        return 0;
    case ["runs-of-warm", var url, var key, var runs, var inFlight]:
        await Remote.RunsAsync(url, key, Whole(runs), Whole(inFlight), isWarm: true);
        return 0;
    case ["effects-over-http", var url, var key, var runs, var inFlight]:
        await Remote.RunsAsync(url, key, Whole(runs), Whole(inFlight), Act.Name);
        return 0;
    case ["serve", var port, var data]:
        await using (var server = AosServer.Build("127.0.0.1", Whole(port), new HouseOptions(data, Path.Combine(data, "workspace")), Act.Add)) await server.RunAsync();
        return 0;
    case ["ask", var url, var file, var requests, var inFlight]:
        await Remote.AskAsync(url, await File.ReadAllLinesAsync(file), Whole(requests), Whole(inFlight));
        return 0;
    case ["registry"]:
        RegistrySuite.Run();
        return 0;
    case ["recall"]:
        return RecallSuite.Run() ? 0 : 1;
    case ["gate"]:
        using (var processes = new Processes()) return await GateSuite.RunAsync(processes, Environment.GetEnvironmentVariable("AOS_TEST_REDIS")) ? 0 : 1;
    case ["executor"]:
        return await ExecutorSuite.RunAsync() ? 0 : 1;
    case ["shadow"]:
        using (var processes = new Processes()) return await new ShadowSuite(processes).RunAsync() ? 0 : 1;
    case ["simulate10k"]:
        return await LargePlanSuite.RunAsync() ? 0 : 1;
    case ["users"] or ["users", "quick"]:
        using (var processes = new Processes()) return await new LoadScript(processes, args.Length == 1 ? 1 : 0.1).RunAsync() ? 0 : 1;
    case ["simulate", var url, var key, var runs, var inFlight]:
        await Remote.SimulateAsync(url, key, Whole(runs), Whole(inFlight));
        return 0;
    case ["get", var url, var runs, var inFlight]:
        await Remote.GetAsync(url, Whole(runs), Whole(inFlight));
        return 0;
    case ["postgres", ..] or ["queue", ..] when direct is null || bouncer is null:
        return Refuse("AOS_TEST_POSTGRES and AOS_TEST_PGBOUNCER are not set: bench/run postgres and bench/run queue set them.");
    case ["queue"] or ["queue", _]:
        return await new QueueSuite(args.Length == 1 ? 100_000 : Whole(args[1]), direct!, bouncer!).RunAsync() ? 0 : 1;
    case ["postgres", ..] when peers is not null && !File.Exists(Path.Combine(peers, "run.sh")):
        return Refuse($"{peers} has no run.sh: --peers takes the folder of the scripts that measure other systems.");
    case ["postgres"] or ["postgres", "quick"]:
        using (var suite = new PostgresSuite(args.Length == 1 ? 5 : 1, args.Length == 1 ? 1 : 0.25, direct!, bouncer!, peers)) return await suite.RunAsync() ? 0 : 1;
    case ["growth"] or ["growth", "quick"]:
        if (Environment.GetEnvironmentVariable("AOS_TEST_POSTGRES") is not { Length: > 0 } address) return Refuse("AOS_TEST_POSTGRES is not set: bench/run growth sets it.");
        using (var growth = new GrowthSuite(address, isQuick: args.Length > 1)) await growth.RunAsync();
        return 0;
    case ["pins"]:
        using (var pins = new PinSuite(direct)) return await pins.RunAsync() ? 0 : 1;
    case ["graph-one", var data, var kind, var size]:
        await GraphRun.RunAsync(data, kind, Whole(size));
        return 0;
    case ["graph"] or ["graph", _]:
        var isQuick = args is [_, "quick"];
        using (var graph = new GraphSuite(args.Length == 1 ? 3 : isQuick ? 1 : Whole(args[1]), isQuick, direct)) return await graph.RunAsync() ? 0 : 1;
    case ["calls"]:
        return await WaitingCalls.RunAsync() ? 0 : 1;
    case [] or ["quick"]:
        using (var suite = new Suite(args.Length == 0 ? 5 : 1, args.Length == 0 ? 1 : 0.25)) return await suite.RunAsync() ? 0 : 1;
    default:
        return Refuse("usage: nothing | quick | executor | gate | shadow | simulate10k | calls | recall | registry | users [quick] | postgres [quick] [--peers DIR] | growth | growth quick | graph | graph quick | graph ROUNDS | pins | queue [RUNS] | embedded DATA RUNS IN_FLIGHT | effects DATA RUNS IN_FLIGHT | runs URL KEY RUNS IN_FLIGHT | runs-of-warm URL KEY RUNS IN_FLIGHT | effects-over-http URL KEY RUNS IN_FLIGHT | serve PORT DATA | simulate URL KEY RUNS IN_FLIGHT | get URL RUNS IN_FLIGHT");
}

static int Refuse(string why)
{
    Console.Error.WriteLine(why);
    return 2;
}

static int Whole(string text) => int.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
