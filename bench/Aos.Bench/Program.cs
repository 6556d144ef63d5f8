using Aos.Bench;

// What this measures and how: docs/benchmarks.md.
switch (args)
{
    case ["embedded", var data, var runs, var inFlight]:
        await Embedded.RunAsync(data, int.Parse(runs), int.Parse(inFlight));
        return 0;
    case ["runs", var url, var key, var runs, var inFlight]:
        await Remote.RunsAsync(url, key, int.Parse(runs), int.Parse(inFlight));
        return 0;
    case ["simulate", var url, var key, var runs, var inFlight]:
        await Remote.SimulateAsync(url, key, int.Parse(runs), int.Parse(inFlight));
        return 0;
    case ["get", var url, var runs, var inFlight]:
        await Remote.GetAsync(url, int.Parse(runs), int.Parse(inFlight));
        return 0;
    default:
        Console.Error.WriteLine("usage: embedded DATA RUNS IN_FLIGHT | runs URL KEY RUNS IN_FLIGHT | simulate URL KEY RUNS IN_FLIGHT | get URL RUNS IN_FLIGHT");
        return 2;
}
