namespace Aos.Bench;

/// <summary>What was promised, what was measured.</summary>
internal static class Report
{
    /// <summary>Prints the table; false when a promise is not kept.</summary>
    internal static bool Print(Dictionary<string, double> of)
    {
        Console.WriteLine();
        Console.WriteLine($"{"",-58} {"aos",12} {"ceiling",12} {"ratio",8}  promise");
        var kept = true;
        Rate("durable runs of 3 steps, embedded, 64 in flight, /s", "aos.embedded.wf_per_s", "ceiling.embedded.wf_per_s", 0.5);
        Rate("durable runs of 3 steps, HTTP with wait, 64 in flight, /s", "aos.http.wf_per_s", "ceiling.http.wf_per_s", 0.5);
        Times("one run alone over HTTP, p50 ms", "aos.http1.p50_ms", "ceiling.http1.p50_ms", 3);
        Rate("simulate, HTTP, 32 connections, /s", "aos.simulate.wf_per_s", "ceiling.ok.wf_per_s", 0.4);
        Below("simulate, p99 ms", "aos.simulate.p99_ms", 15);
        Below("serve to its first 200, ms", "aos.start", 1_500);
        Below("aos version, ms", "aos.version", 300);
        Below("aos run: to the run's start, second call, ms", "aos.run", 400);
        Console.WriteLine(kept ? "every promise is kept" : "NOT every promise is kept");
        return kept;

        void Rate(string what, string product, string ceiling, double atLeast)
        {
            var ratio = of[product] / of[ceiling];
            Line(what, of[product], of[ceiling], ratio, $">= {atLeast:0.0}", ratio >= atLeast);
        }

        void Times(string what, string product, string ceiling, double atMost)
        {
            var ratio = of[product] / of[ceiling];
            Line(what, of[product], of[ceiling], ratio, $"<= {atMost:0.0}", ratio <= atMost);
        }

        void Below(string what, string product, double limit) => Line(what, of[product], null, null, $"< {limit:N0}", of[product] < limit);

        void Line(string what, double product, double? ceiling, double? ratio, string promise, bool holds)
        {
            Console.WriteLine($"{what,-58} {product,12:N2} {ceiling,12:N2} {ratio,8:N2}  {promise} {(holds ? "yes" : "NO")}");
            kept &= holds;
        }
    }
}
