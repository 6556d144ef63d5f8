using System.Globalization;
using System.Text.Json;

namespace Aos.Bench;

/// <summary>
/// Other systems with the same workload, measured by scripts of their own: a folder with a <c>run.sh</c> that takes a work folder, makes
/// <c>R</c> rounds of <c>N</c> runs with <c>C</c> in flight, and prints one JSON line a measurement (name, wf_per_s, p50_ms, p95_ms).
/// </summary>
internal sealed class Peers(Processes processes, string folder)
{
    /// <summary>How often a round is made that lacks somebody: their scripts use fixed ports, which others may have just left.</summary>
    private const int TriesMax = 3;

    /// <summary>After that a port that a closed connection held is free again.</summary>
    private static readonly TimeSpan PortsFree = TimeSpan.FromSeconds(65);

    /// <summary>
    /// One round of all of them. What it installs stays for the next, and so do their names: a round that lacks one of them is made again, and
    /// in the end refused, since the best of the others would be beside the point.
    /// </summary>
    internal async Task<IReadOnlyList<JsonElement>> RoundAsync(int runs, int inFlight)
    {
        var work = Directory.CreateDirectory(Path.Combine(processes.Root, "artifacts", "peers")).FullName;
        var known = Path.Combine(work, "measured.txt");
        for (var tries = 1; ; tries++)
        {
            var measured = await MeasureAsync(work, runs, inFlight);
            var names = measured.Select(line => line.GetProperty("name").GetString()!).ToList();
            string[] missing = File.Exists(known) ? [.. (await File.ReadAllLinesAsync(known)).Except(names, StringComparer.Ordinal)] : [];
            if (measured.Count > 0 && missing.Length == 0)
            {
                await File.WriteAllLinesAsync(known, names);
                return measured;
            }

            Console.WriteLine($"  not measured: {(measured.Count == 0 ? "anybody" : string.Join(", ", missing))}");
            if (tries < TriesMax) await Task.Delay(PortsFree, TimeProvider.System);
            else throw new InvalidOperationException($"{Path.Combine(folder, "run.sh")} did not measure all that it has measured before ({known}).");
        }
    }

    private async Task<IReadOnlyList<JsonElement>> MeasureAsync(string work, int runs, int inFlight)
    {
        (string, string)[] load = [("R", "1"), ("N", runs.ToString(CultureInfo.InvariantCulture)), ("C", inFlight.ToString(CultureInfo.InvariantCulture))];
        try
        {
            var lines = await processes.LinesAsync("bash", [Path.Combine(folder, "run.sh"), work], load);
            return [.. lines.Where(line => line.StartsWith('{')).Select(line => JsonElement.Parse(line))];
        }
        catch (InvalidOperationException e)
        {
            Console.WriteLine($"  {e.Message}");
            return [];
        }
    }
}
