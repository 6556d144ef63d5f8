using System.Globalization;
using System.Text.Json;

namespace Aos.Bench;

/// <summary>
/// Other systems with the same workload, measured by scripts of their own: a folder with a <c>run.sh</c> that takes a work folder, makes
/// <c>R</c> rounds of <c>N</c> runs with <c>C</c> in flight, and prints one JSON line a measurement (name, wf_per_s, p50_ms, p95_ms).
/// </summary>
internal sealed class Peers(Processes processes, string folder)
{
    /// <summary>One round of all of them. What it installs stays for the next.</summary>
    internal async Task<IReadOnlyList<JsonElement>> RoundAsync(int runs, int inFlight)
    {
        var script = Path.Combine(folder, "run.sh");
        var work = Directory.CreateDirectory(Path.Combine(processes.Root, "artifacts", "peers")).FullName;
        (string, string)[] load = [("R", "1"), ("N", runs.ToString(CultureInfo.InvariantCulture)), ("C", inFlight.ToString(CultureInfo.InvariantCulture))];
        var lines = await processes.LinesAsync("bash", [script, work], load);
        JsonElement[] measured = [.. lines.Where(line => line.StartsWith('{')).Select(line => JsonElement.Parse(line))];
        return measured.Length > 0 ? measured : throw new InvalidOperationException($"{script} measured nothing.");
    }
}
