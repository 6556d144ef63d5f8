namespace Aos.Bench;

/// <summary>What was promised of PostgreSQL, what was measured. A ratio is the median of the rounds' ratios.</summary>
internal static class PostgresReport
{
    /// <summary>What the names of other systems' figures begin with.</summary>
    internal const string Peer = "peer ";

    private const string Rate = ".wf_per_s";

    internal static bool Print(IReadOnlyDictionary<string, List<double>> rounds)
    {
        Console.WriteLine();
        Console.WriteLine($"{"durable runs of 3 steps on PostgreSQL, /s",-58} {"aos",12} {"beside",12} {"ratio",8}  promise");
        var kept = true;
        Line("1 in flight, beside the ceiling", "aos.1", "ceiling.1", null);
        Line("50 in flight, beside the ceiling", "aos.50", "ceiling.50", 0.5);
        Line("64 in flight, beside the ceiling", "aos.64", "ceiling.64", 0.5);
        Line("1,000 in flight, beside the ceiling", "aos.1000", "ceiling.1000", 0.5);
        Line("64 in flight, steps with effects, beside the ceiling", "effects.64", "ceiling.64", null);
        Line("1,000 in flight, steps with effects, beside it", "effects.1000", "ceiling.1000", null);
        Line("1 in flight, through PgBouncer, beside direct", "bouncer.1", "aos.1", 0.8);
        Line("50 in flight, through PgBouncer, beside direct", "bouncer.50", "aos.50", 0.8);
        Line("64 in flight, through PgBouncer, beside direct", "bouncer.64", "aos.64", 0.8);
        Line("1,000 in flight, through PgBouncer, beside direct", "bouncer.1000", "aos.1000", 0.8);
        foreach (var inFlight in new[] { 1, 50, 64, 1_000 })
        {
            Line(FormattableString.Invariant($"HTTP with wait, {inFlight:N0} in flight, beside a bare route"), $"aos.http.{inFlight}", $"ceiling.http.{inFlight}", inFlight == 64 ? 0.5 : null);
        }

        Line("HTTP with wait, 64, steps with effects, beside it", "effects.http.64", "ceiling.http.64", null);
        foreach (var inFlight in new[] { 1, 50, 64, 1_000 })
        {
            Line(FormattableString.Invariant($"HTTP with wait, {inFlight:N0}, through PgBouncer, beside direct"), $"aos.http.bouncer.{inFlight}", $"aos.http.{inFlight}", 0.8);
        }

        Line("two nodes of 32 in flight, beside one of 64", "two", "aos.64", 0.8);
        if (rounds.ContainsKey("best.wf_per_s"))
        {
            Line("HTTP with wait, 64, beside the best other system", "aos.http.64", "best", 2);
            Line("HTTP with wait, 64, steps with effects, beside it", "effects.http.64", "best", null);
        }

        var commits = Median(rounds["aos.64.commits"]);
        Console.WriteLine($"{"commits a run, 64 in flight",-58} {commits,12:N2} {"",12} {"",8}  <= 0.5 {(commits <= 0.5 ? "yes" : "NO")}");
        kept &= commits <= 0.5;
        if (rounds.ContainsKey("best.wf_per_s")) Others(rounds);
        Console.WriteLine(kept ? "every promise is kept" : "NOT every promise is kept");
        return kept;

        void Line(string what, string product, string beside, double? atLeast)
        {
            var (ours, theirs) = (rounds[$"{product}.wf_per_s"], rounds[$"{beside}.wf_per_s"]);
            var ratio = Median(ours.Zip(theirs, (a, b) => a / b));
            var holds = atLeast is not { } least || ratio >= least;
            Console.WriteLine($"{what,-58} {Median(ours),12:N0} {Median(theirs),12:N0} {ratio,8:N2}  {(atLeast is { } bound ? $">= {bound:0.0} {(holds ? "yes" : "NO")}" : "")}");
            kept &= holds;
        }
    }

    /// <summary>The same workload by all systems, each by its own client, the fastest first.</summary>
    private static void Others(IReadOnlyDictionary<string, List<double>> rounds)
    {
        Console.WriteLine();
        Console.WriteLine($"{"64 in flight, each by its own client",-58} {"runs/s",12} {"p50 ms",12} {"p95 ms",8}  rounds");
        var names = rounds.Keys.Where(name => name.StartsWith(Peer, StringComparison.Ordinal) && name.EndsWith(Rate, StringComparison.Ordinal)).Select(name => name[..^Rate.Length]);
        foreach (var name in names.Append("aos.http.64").Append("effects.http.64").OrderByDescending(name => Median(rounds[name + Rate])))
        {
            var shown = name switch { "aos.http.64" => "AOS", "effects.http.64" => "AOS, steps with effects", _ => name[Peer.Length..] };
            Console.WriteLine($"{shown,-58} {Median(rounds[name + Rate]),12:N0} {Median(rounds[$"{name}.p50_ms"]),12:N1} {Median(rounds[$"{name}.p95_ms"]),8:N1}  {rounds[name + Rate].Count}");
        }

        Console.WriteLine();
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
