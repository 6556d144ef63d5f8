using System.Diagnostics;
using System.Globalization;

namespace Aos.Campaigns;

/// <summary>The long proofs on the real engine, one after the other; each prints its figures and says when something differs.</summary>
internal static class Campaign
{
    private const string Usage = """
        campaigns                 all of these, one after the other
        campaigns golden [N]      three workers, N iterations (500), five seeds, three kinds of workflow: equal roots, recordings, replays
        campaigns faults [N]      twelve kinds of fault, each at N places (12) of four plans
        campaigns kills           every plan of the samples, killed before and after each append
        campaigns process         an agent loop in a process that is killed with SIGKILL at each event
        """;

    internal static async Task<int> StartAsync(string[] args)
    {
        var count = args is [_, var text] && int.TryParse(text, CultureInfo.InvariantCulture, out var n) && n > 0 ? n : (int?)null;
        if (args.Length > 2 || (args.Length == 2 && (count is null || args[0] is not ("golden" or "faults")))) return Refuse();
        switch (args.FirstOrDefault())
        {
            case "golden":
                return await GoldenCampaign.StartAsync(count ?? 500);
            case "faults":
                return await FaultCampaign.StartAsync(count ?? 12);
            case "kills":
                return await KillCampaign.StartAsync();
            case "process":
                return await ProcessCampaign.StartAsync();
            case null or "--":
                return await AllAsync();
            default:
                return Refuse();
        }
    }

    private static async Task<int> AllAsync()
    {
        var clock = Stopwatch.StartNew();
        var codes = new[] { await GoldenCampaign.StartAsync(500), await FaultCampaign.StartAsync(12), await KillCampaign.StartAsync(), await ProcessCampaign.StartAsync() };
        Console.WriteLine($"{codes.Length} campaigns in {clock.Elapsed.TotalSeconds:0} s, {codes.Count(code => code != 0)} with mismatches");
        return codes.Max();
    }

    private static int Refuse()
    {
        Console.Error.WriteLine(Usage);
        return 2;
    }
}
