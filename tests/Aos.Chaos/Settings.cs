using System.Globalization;

namespace Aos.Chaos;

/// <summary>What the proof is asked for.</summary>
/// <param name="Kills">How often the server is killed.</param>
/// <param name="InFlight">Runs that must be in flight at each kill.</param>
/// <param name="Seed">Of the moments and the mixture.</param>
internal sealed record Settings(int Kills, int InFlight, int Seed, string Binary)
{
    internal const string Usage = "./test chaos [--kills 20] [--in-flight 200] [--seed 1] [--binary FILE]";

    internal static Settings? Read(string[] args)
    {
        var settings = new Settings(20, 200, 1, Path.Combine(Root(), "artifacts", "bin", "Aos.App", "release", "aos.dll"));
        for (var i = 0; i < args.Length; i += 2)
        {
            if (i + 1 >= args.Length) return null;
            if (args[i] == "--binary")
            {
                settings = settings with { Binary = args[i + 1] };
                continue;
            }

            if (!int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return null;
            switch (args[i])
            {
                case "--kills": settings = settings with { Kills = number }; break;
                case "--in-flight": settings = settings with { InFlight = number }; break;
                case "--seed": settings = settings with { Seed = number }; break;
                default: return null;
            }
        }

        return settings;
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Aos.slnx"))) folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("Aos.slnx");
        return folder;
    }
}
