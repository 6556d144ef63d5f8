using Aos.App.Server;
using Aos.Approvals;
using Aos.Contracts;
using Aos.CostSim;
using Aos.Egress;
using Aos.Failures;
using Aos.Identity;
using Aos.Kernel;
using Aos.Memory;
using Aos.Runs;
using Aos.Skills;
using Aos.Storage;

namespace Aos.App;

/// <summary>Where this process keeps its data and what it may touch.</summary>
internal sealed record HouseOptions(string Data, string Workspace)
{
    /// <summary>The database instead of the one that the environment names; null: that one.</summary>
    internal string? DatabaseUrl { get; init; }

    /// <summary>The Redis instead of the one that the environment names; null: that one.</summary>
    internal string? RedisUrl { get; init; }

    /// <summary>True: the process was started to serve, so whoever started it reads what it says.</summary>
    internal bool IsServer { get; init; }

    /// <summary>What the HTTP server takes; null: what the environment says.</summary>
    internal ServerOptions? Server { get; init; }

    /// <summary>False: the process serves others than this machine, so nothing that secures a cluster may be made up here.</summary>
    internal bool IsDevelopment { get; init; } = true;

    /// <summary>The data directory: <c>--data</c>, else AOS_DATA, else <c>.aos</c> here.</summary>
    internal static string DataOf(string? option) => option ?? Environment.GetEnvironmentVariable("AOS_DATA") ?? ".aos";

    internal static string WorkspaceOf(string? option, string data) =>
        option ?? Environment.GetEnvironmentVariable("AOS_WORKSPACE_ROOT") ?? Path.Combine(data, "workspace");
}

/// <summary>The table of contents of the product.</summary>
internal static class Composition
{
    internal static IServiceCollection AddHouse(this IServiceCollection services, IConfiguration configuration, HouseOptions options)
    {
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(_ => Models());
        var flow = Flow();
        new AosBuilder(services, configuration)
            .AddStorage(Storage(options))
            .AddEgress(new EgressOptions
            {
                Allow = Csv("AOS_EGRESS_ALLOW"), WebhookSecret = Setting("AOS_WEBHOOK_SECRET"), WebhookKeyVersion = Setting("AOS_WEBHOOK_KEY_VERSION") ?? "v1",
            })
            .AddSkills(Skills(options.Workspace))
            .AddCostSim(CostSimOptions.Read(Environment.GetEnvironmentVariable), Recording())
            .AddFailures(Failing())
            .AddMemory(Remembering(), RecallOptions.Read(Setting))
            .AddRuns(new RunsOptions
            {
                CallsMax = Whole("AOS_CALLS_MAX", 1, 100_000, 512), LiveMax = Whole("AOS_RUNS_LIVE_MAX", 1, 1_000_000, 20_000),
                QueueMax = Whole("AOS_QUEUE_MAX", 0, 100_000_000, 1_000_000), Limits = flow.Runs,
            })
            .AddTraces(Traces())
            .AddFlow(flow)
            .AddIdentity(Identity(options))
            .AddApprovals(Webhooks())
            .AddAgents(AgentOptions.Read(Environment.GetEnvironmentVariable))
            .AddServer(options);
        return services;
    }

    internal static StorageOptions Storage(HouseOptions options)
    {
        var storage = StorageOptions.Read(name => name == "AOS_REDIS_URL" && options.RedisUrl is { } redis ? redis : Setting(name), options.Data);
        if (options.DatabaseUrl is { } url) storage.DatabaseUrl = url;
        storage.MakesMasterKey = options.IsDevelopment;
        return storage;
    }

    /// <summary>Credentials and policy, as the environment says.</summary>
    private static IdentityOptions Identity(HouseOptions house)
    {
        var identity = Identity();
        (identity.Data, identity.IsShared, identity.Made) = (house.Data, IsShared(house), house.IsServer ? Tell : null);
        return identity;
    }

    private static IdentityOptions Identity() => IdentityOptions.Of(Setting, ReadFile);

    private static System.Text.Json.JsonElement ReadFile(string file)
    {
        try
        {
            return Cli.PlanFile.Parse(File.ReadAllBytes(file), file);
        }
        catch (Cli.PlanFileException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    /// <summary>True: the house is one node on a database, and holds no data directory.</summary>
    internal static bool IsShared(HouseOptions options) => Storage(options).DatabaseUrl is not null;

    /// <summary>What the environment says that cannot be read; null: nothing.</summary>
    internal static string? Unavailable()
    {
        if (Secrets.Problems is [var unread, ..]) return $"CONFIG_INVALID: {unread}";
        if (StorageOptions.Read(Setting, "").Problems is [var first, ..]) return $"CONFIG_INVALID: {first}";
        if (NodeAddress.Problem() is { } address) return $"CONFIG_INVALID: {address}";
        string[] problems = [.. Models().Problems, .. Flow().Problems, .. CostSimOptions.Read(Environment.GetEnvironmentVariable).Problems, .. Recording().Problems, .. Traces().Problems, .. Failing().Problems, .. Identity().Problems, .. Webhooks().Problems, .. Skills("").Problems, .. Remembering().Problems, .. RecallOptions.Read(Setting).Problems];
        return problems.Length > 0 ? $"CONFIG_INVALID: {string.Join(' ', problems)}" : null;
    }

    /// <summary>What keeps a server from starting beside that: settings that no command needs.</summary>
    internal static string? ServerUnavailable() => Unavailable() ?? (Server().Problems is { Count: > 0 } problems ? $"CONFIG_INVALID: {string.Join(' ', problems)}" : null);

    /// <summary>The server's secrets, wherever they are.</summary>
    internal static SecretSettings Secrets { get; } = new(Cli.ConfigVerb.Secrets, Environment.GetEnvironmentVariable);

    /// <summary>An environment variable, a secret also from the file or command that stands for it; empty counts as not set.</summary>
    internal static string? Setting(string name) =>
        Secrets.Holds(name) ? Secrets.Find(name).Value : Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    internal static ServerOptions Server() => ServerOptions.Read(Setting);

    /// <summary>To the person who starts the first node; it stands nowhere else in words.</summary>
    private static void Tell(string key) => Console.Error.WriteLine($"The API key of this database's nodes, shown this once: {key}\nTo choose one yourself set AOS_API_KEY on every node.");

    /// <summary>Models, prices and recorded answers, as the environment says.</summary>
    private static ModelsOptions Models() =>
        ModelsOptions.Read(Setting, file => Cli.PlanFile.Parse(File.ReadAllBytes(file), file));

    /// <summary>Skills, their sandbox and where calls may go, as the environment says.</summary>
    internal static SkillsOptions Skills(string workspace) => SkillsOptions.Read(Setting, workspace);

    /// <summary>Entries of the memory, as the environment says.</summary>
    private static PinOptions Remembering() => PinOptions.Read(Setting);

    /// <summary>Incoming webhooks, as the environment says.</summary>
    private static WebhookOptions Webhooks() => WebhookOptions.Read(Setting);

    /// <summary>Stored traces and what is told of mismatches, as the environment says.</summary>
    private static FailureOptions Failing() => FailureOptions.Read(Setting);

    /// <summary>What is recorded of simulations and costs, as the environment says.</summary>
    private static ProvenanceOptions Recording() => ProvenanceOptions.Read(Setting);

    private static TraceOptions Traces() => TraceOptions.Read(Setting);

    /// <summary>The limits of targets, as the environment says.</summary>
    private static FlowOptions Flow() => FlowOptions.Read(Setting, file => Cli.PlanFile.Parse(File.ReadAllBytes(file), file));

    /// <summary>A setting that is a whole number; anything else than one within its bounds counts as not set.</summary>
    private static int Whole(string name, int min, int max, int otherwise) =>
        int.TryParse(Setting(name), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var n) && n >= min && n <= max ? n : otherwise;

    internal static string[] Csv(string name) =>
        (Environment.GetEnvironmentVariable(name) ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
