using System.Globalization;

namespace Aos.Chaos;

/// <summary>What the proof is asked for.</summary>
/// <param name="Kills">How often the server is killed.</param>
/// <param name="InFlight">Runs that must be in flight at each kill.</param>
/// <param name="Seed">Of the moments and the mixture.</param>
/// <param name="Sleepers">Weigh so many sleeping runs instead of killing anything; 0: kill.</param>
/// <param name="Due">Of them wake at once.</param>
/// <param name="Nodes">Prove a cluster of so many nodes on one PostgreSQL; 0: one server on the embedded store.</param>
/// <param name="Runs">Runs the cluster must have had in the end.</param>
/// <param name="Bouncer">Its nodes reach the database through PgBouncer.</param>
/// <param name="Earlier">The earlier build of a rolling upgrade; null: something else is proved.</param>
/// <param name="Seconds">How long the builds share the load.</param>
/// <param name="Outages">How often something befalls what all nodes share, or a clock.</param>
internal sealed record Settings(int Kills, int InFlight, int Seed, string Binary, int Sleepers = 0, int Due = 1_000, int Nodes = 0, int Runs = 5_000, bool Bouncer = false, int Outages = 8, string? Earlier = null, int Seconds = 75)
{
    internal const string Usage = """
        ./test chaos [--kills 20] [--in-flight 200] [--seed 1] [--binary FILE]
        ./test chaos --nodes 3 [--kills 30] [--runs 5000] [--in-flight 200] [--seed 1] [--bouncer 1] [--outages 8] [--binary FILE]
        ./test upgrade [--seconds 75] [--bouncer 1]
        ./test chaos --sleepers 100000 [--due 1000] [--binary FILE]
        """;

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

            if (args[i] == "--earlier")
            {
                settings = settings with { Earlier = args[i + 1] };
                continue;
            }

            if (!int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return null;
            switch (args[i])
            {
                case "--kills": settings = settings with { Kills = number }; break;
                case "--in-flight": settings = settings with { InFlight = number }; break;
                case "--sleepers": settings = settings with { Sleepers = number }; break;
                case "--due": settings = settings with { Due = number }; break;
                case "--nodes": settings = settings with { Nodes = number }; break;
                case "--runs": settings = settings with { Runs = number }; break;
                case "--bouncer": settings = settings with { Bouncer = number > 0 }; break;
                case "--seconds": settings = settings with { Seconds = number }; break;
                case "--outages": settings = settings with { Outages = number }; break;
                case "--seed": settings = settings with { Seed = number }; break;
                default: return null;
            }
        }

        return settings;
    }

    internal static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Aos.slnx"))) folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("Aos.slnx");
        return folder;
    }
}
