namespace Aos.Bench;

/// <summary>What was promised, what was measured.</summary>
internal static class Report
{
    /// <summary>Prints the table of medians; false when a promise is not kept.</summary>
    /// <param name="rounds">By figure its value in each round. A ratio is the median of the rounds' ratios: what the machine did to one round, it did to both sides.</param>
    internal static bool Print(IReadOnlyDictionary<string, List<double>> rounds)
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
            var ratio = Ratio(product, ceiling);
            Line(what, Of(product), Of(ceiling), ratio, $">= {atLeast:0.0}", ratio >= atLeast);
        }

        void Times(string what, string product, string ceiling, double atMost)
        {
            var ratio = Ratio(product, ceiling);
            Line(what, Of(product), Of(ceiling), ratio, $"<= {atMost:0.0}", ratio <= atMost);
        }

        void Below(string what, string product, double limit) => Line(what, Of(product), null, null, $"< {limit:N0}", Of(product) < limit);

        double Of(string figure) => Median(rounds[figure]);

        double Ratio(string product, string ceiling) => Median(rounds[product].Zip(rounds[ceiling], (ours, bare) => ours / bare));

        void Line(string what, double product, double? ceiling, double? ratio, string promise, bool holds)
        {
            Console.WriteLine($"{what,-58} {product,12:N2} {ceiling,12:N2} {ratio,8:N2}  {promise} {(holds ? "yes" : "NO")}");
            kept &= holds;
        }
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
