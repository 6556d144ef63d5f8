using System.Collections.Immutable;
using System.Globalization;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>Settings of agents, goals and planners. Money in cents; null limits: none.</summary>
public sealed class AgentOptions
{
    /// <summary>rules (also stub), anthropic, openai or scripted; anything else is rules.</summary>
    public string Planner { get; set; } = "rules";

    /// <summary>Model of a model planner; null: the provider's default.</summary>
    public string? PlannerModel { get; set; }

    /// <summary>Of planning one goal, both rounds of a model planner included.</summary>
    public TimeSpan PlannerTimeout { get; set; } = TimeSpan.FromSeconds(25);

    public int GoalsPerMinute { get; set; } = 100;

    /// <summary>Runs of one agent at work at once.</summary>
    public int ConcurrentRuns { get; set; } = 5;

    /// <summary>Runs at once of an agent with these settings.</summary>
    public int RunsOf(AgentSettings settings) => settings.ConcurrentRuns ?? ConcurrentRuns;

    /// <summary>What a goal is taken to cost before it is planned.</summary>
    public decimal EstimateCents { get; set; } = 50;

    public decimal RunMaxCents { get; set; } = 500;

    public decimal DayMaxCents { get; set; } = 10_000;

    /// <summary>Limits per planner model.</summary>
    public IReadOnlyDictionary<string, decimal> ModelMaxCents { get; set; } = new Dictionary<string, decimal>(StringComparer.Ordinal)
    {
        ["claude-3-opus-20240229"] = 1000,
        ["gpt-4-turbo"] = 500,
    };

    /// <summary>True: an agent that reaches its day's limit is paused.</summary>
    public bool PauseOnBreach { get; set; } = true;

    public GoalLimits Goals { get; set; } = new();

    public InspectionLimits Inspection { get; set; } = new();

    /// <summary>Reads the settings by their names; what is no number keeps its default.</summary>
    public static AgentOptions Read(Func<string, string?> setting)
    {
        var forbidden = (setting("FORBIDDEN_DOMAINS") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToImmutableArray();
        var options = new AgentOptions { Planner = setting("PLANNER_BACKEND") ?? "rules", PlannerModel = setting("PLANNER_MODEL") };
        options.PlannerTimeout = TimeSpan.FromSeconds((double)Number("PLANNER_TIMEOUT_SECONDS", 25, 600));
        options.GoalsPerMinute = (int)Number("GOALS_PER_MINUTE", options.GoalsPerMinute, 1_000_000);
        options.ConcurrentRuns = (int)Number("AGENT_CONCURRENT_RUNS", options.ConcurrentRuns, 1_000);
        options.EstimateCents = Number("DEFAULT_EST_COST_CENTS", options.EstimateCents, 9_000_000_000m);
        options.RunMaxCents = Number("PER_RUN_MAX_CENTS", options.RunMaxCents, 9_000_000_000m);
        options.DayMaxCents = Number("PER_DAY_MAX_CENTS", options.DayMaxCents, 9_000_000_000m);
        options.PauseOnBreach = Flag("AUTO_PAUSE_ON_BREACH");
        options.ModelMaxCents = new Dictionary<string, decimal>(StringComparer.Ordinal)
        {
            ["claude-3-opus-20240229"] = Number("OPUS_MAX_CENTS_PER_RUN", 1000, 9_000_000_000m),
            ["gpt-4-turbo"] = Number("GPT4_MAX_CENTS_PER_RUN", 500, 9_000_000_000m),
        };
        options.Goals = new GoalLimits((int)Number("MAX_GOAL_LENGTH", 10_000, 1_000_000), Flag("ENABLE_INJECTION_DETECTION"), Flag("ENABLE_URL_SANITIZATION"), forbidden);
        options.Inspection = new InspectionLimits(
            (int)Number("MAX_PLAN_STEPS", 25, 10_000), (int)Number("MAX_LOOP_ITERATIONS", 10, 100_000), Number("MAX_ESTIMATED_COST_CENTS", 10_000, 9_000_000_000m), forbidden);
        return options;

        decimal Number(string name, decimal otherwise, decimal max) =>
            decimal.TryParse(setting(name), NumberStyles.Number, CultureInfo.InvariantCulture, out var number) && number >= 1 && number <= max ? number : otherwise;

        bool Flag(string name) => setting(name) is not { } text || !text.Trim().ToUpperInvariant().Equals("FALSE", StringComparison.Ordinal) && text.Trim() != "0";
    }
}
