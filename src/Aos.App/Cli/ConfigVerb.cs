using System.CommandLine;
using Aos.Kernel;

namespace Aos.App.Cli;

/// <summary><c>aos config</c>: what the settings come to.</summary>
internal static class ConfigVerb
{
    /// <summary>Every setting: its name, whether its value is secret, its default, what it is for.</summary>
    private static readonly (string Name, bool IsSecret, string Default, string What)[] Settings =
    [
        ("ANTHROPIC_API_KEY", true, "none", "key of a model provider"),
        ("ANTHROPIC_BASE_URL", false, "the provider's", "its address"),
        ("ANTHROPIC_MODEL", false, "see docs/models.md", "its default model"),
        ("AOS_ALERT_DAY_CENTS", false, "10000", "what a tenant may spend in a day before it is said"),
        ("AOS_ALERT_HOUR_CENTS", false, "1000", "the same in an hour"),
        ("AOS_ALERT_REQUEST_CENTS", false, "100", "what one call may cost before it is said"),
        ("AOS_ALERT_RUN_CENTS", false, "500", "what one run may cost before it is said"),
        ("AOS_ANONYMOUS_TIER", false, "free", "how often an address may ask without a credential: free, dev, pro, enterprise, unlimited"),
        ("AOS_API_KEY", true, "made by serve, kept in DATA/api.key", "key of the HTTP API; sent to --server"),
        ("AOS_ARCHIVE_AFTER", false, "none: never", "age at which ended runs go from the database into files, such as 30d"),
        ("AOS_ARCHIVE_DIR", false, "DATA/archive", "folder of the archive files; nodes share it to read one another's"),
        ("AOS_BASE_URL", false, "none", "server the commands talk to; AOS_API_URL is its older name"),
        ("AOS_BODY_BYTES_MAX", false, "33554432", "bytes of a request's body"),
        ("AOS_BODY_BYTES_PER_SECOND_MIN", false, "240", "slowest a body may arrive, after 5 s"),
        ("AOS_BODY_SECONDS_MAX", false, "120", "longest that a body may take to arrive"),
        ("AOS_CALLS_MAX", false, "512", "calls of skills at work at once"),
        ("AOS_CONNECTIONS_MAX", false, "10000", "connections to the server at once"),
        ("AOS_CORS_ORIGINS", false, "none", "origins whose pages may call the API, with commas"),
        ("AOS_DATA", false, ".aos", "data directory"),
        ("AOS_DATABASE_URL", true, "none: the embedded store", "address of the PostgreSQL database"),
        ("AOS_DEAD_LETTERS_KEEP", false, "90d", "how long deliveries that were given up stay"),
        ("AOS_DELETE_AFTER", false, "none: never", "age at which ended runs are deleted for good, also from files"),
        ("AOS_EGRESS_ALLOW", false, "none", "private targets that skills may call, with commas"),
        ("AOS_ENVIRONMENT", false, "Development on loopback, else Production", "Development or Production"),
        ("AOS_EXTERNAL_CALLS", false, "allow", "where calls of runs may go at most: allow, deny, or hosts with commas"),
        ("AOS_FAILURE_RETENTION_DAYS", false, "30", "days that failed steps are kept, 1 to 365"),
        ("AOS_HEADERS_SECONDS_MAX", false, "15", "longest that the head of a request may take to arrive"),
        ("AOS_LIMITS", false, "none", "limits of skills, hosts, providers and runs at once: a JSON object or a file (docs/limits.md)"),
        ("AOS_LOG_FORMAT", false, "text", "text or json: how the server writes its log"),
        ("AOS_LOG_LEVEL", false, "warning", "debug, info, warning or error: the least that is logged"),
        ("AOS_INJECTION_POLICY", false, "mark", "what is done about data in prompts: mark, warn, refuse, off"),
        ("AOS_MASTER_KEY", true, "made and kept in the data directory", "encrypts the signing keys"),
        ("AOS_MEMORY_AUDIT_DAYS", false, "90", "days that the record of the memory is kept"),
        ("AOS_MEMORY_BYTES_MAX", false, "1073741824", "bytes of a tenant's values in the memory together"),
        ("AOS_MEMORY_CACHE_BYTES", false, "33554432", "bytes of memory entries that a node keeps at hand; 0: none"),
        ("AOS_MEMORY_ENTRIES_MAX", false, "100000", "entries of a tenant's memory"),
        ("AOS_MEMORY_GLOBAL", false, "none", "tenants that read entries of the tenant global where they have none: none, all or names"),
        ("AOS_MEMORY_REDACT", false, "none", "hidden in entries of memory before they are written: none, secrets, personal"),
        ("AOS_METRICS", false, "needs a key", "open: /metrics without a key"),
        ("AOS_MODEL_PROVIDER", false, "scripted", "model provider of calls that name none"),
        ("AOS_MODELS", false, "none", "file of further model endpoints"),
        ("AOS_NODE_URL", false, "where the server listens", "address at which other nodes reach this one"),
        ("AOS_OIDC_CLIENTS", false, "all", "clients (azp) whose tokens are accepted, with commas"),
        ("AOS_OIDC_CLOCK_SKEW_SECONDS", false, "60", "how far the issuer's clock may be off, 0 to 300"),
        ("AOS_OIDC_HOUSE_ROLE", false, "none", "the issuer's role that makes a caller one of the house"),
        ("AOS_OIDC_ROLES", false, "aos-admin=admin and so on", "the issuer's roles and what they mean: realm-admin=admin,group:/ops=operator"),
        ("AOS_OIDC_TENANT", false, "none: refused", "tenant of tokens that name none"),
        ("AOS_OIDC_TENANT_CLAIM", false, "tenant_id", "claim that names the tenant"),
        ("AOS_PRICES", false, "shipped", "file of model prices"),
        ("AOS_QUEUE_MAX", false, "1000000", "runs of one tenant that wait for a slot"),
        ("AOS_RBAC_MODE", false, "enforce", "enforce, shadow (evaluate, log, allow) or off"),
        ("AOS_RBAC_POLICY_FILE", false, "none: the built-in policy", "what each role may do, JSON or YAML"),
        ("AOS_RECALL_CACHE_MB", false, "1024", "MiB of notes that a node keeps in memory to search them"),
        ("AOS_RECALL_KEEP", false, "none: as long as they say", "how long notes of agents are kept, such as 365d"),
        ("AOS_RECALL_NOTES_MAX", false, "200000", "notes of a tenant"),
        ("AOS_REDIS_URL", true, "none", "Redis that nodes share limits and a memory cache in"),
        ("AOS_RISK_THRESHOLD", false, "0.5", "cumulative risk, 0 to 1, above which simulate warns"),
        ("AOS_RUNS_LIVE_MAX", false, "20000", "runs in memory at once; further ones wait in line"),
        ("AOS_SANDBOX_CAPABILITIES", false, "any", "tags of which a skill needs one to be called, with commas"),
        ("AOS_SANDBOX_FORBIDDEN", false, "none", "skills that the sandbox refuses beside its own list, with commas"),
        ("AOS_SCRIPT", false, "none", "file of recorded model answers"),
        ("AOS_SKILL_PINS", false, "none: any", "which skills may be in that folder: NAME@VERSIONS [sha256:HEX], with commas or in a file"),
        ("AOS_SKILLS_DISABLED", false, "none", "skills that are switched off, with commas; NAME@VERSIONS: these versions"),
        ("AOS_SKILLS_FOLDER", false, "none", "folder of further skills (docs/skill-kit.md)"),
        ("AOS_TLS_CERTIFICATE", false, "none: plain HTTP", "the server's certificate, a PEM or PFX file; read again when it changes"),
        ("AOS_TLS_KEY", false, "in the certificate's file", "its private key, a PEM file"),
        ("AOS_TLS_PASSWORD", true, "none", "of the PFX file or of the encrypted key"),
        ("AOS_WEBHOOK_ADDRESS_RATE_PER_MINUTE", false, "300", "incoming webhooks from one address"),
        ("AOS_WEBHOOK_BODY_BYTES_MAX", false, "1048576", "bytes of an incoming webhook's body"),
        ("AOS_WEBHOOK_KEEP", false, "30d", "how long incoming webhooks are kept"),
        ("AOS_WEBHOOK_KEY_VERSION", false, "v1", "version of that secret, sent beside the signature"),
        ("AOS_WEBHOOK_RATE_PER_MINUTE", false, "600", "incoming webhooks of one endpoint"),
        ("AOS_WEBHOOK_SECRET", true, "none", "signs webhooks"),
        ("AOS_WORKSPACE_ROOT", false, "DATA/workspace", "folder of the file skills"),
        ("AGENT_CONCURRENT_RUNS", false, "see docs/agents.md", "runs at work per agent"),
        ("ALERTMANAGER_URL", false, "none", "base address of the Alertmanager that is told when the cost model's breaker opens or closes"),
        ("AUTO_PAUSE_ON_BREACH", false, "true", "pauses an agent that reaches its day's limit"),
        ("BUDGET_ALERT_THRESHOLD", false, "0.8", "share of an hour's or day's limit, 0 to 1, from which on there is a warning"),
        ("COSTSIM_AUTO_RECOVER", false, "true", "when the time of an open breaker is over, it lets probes through"),
        ("COSTSIM_BREAKER_PROBES", false, "3", "questions that a half open breaker lets through, all of which must be good"),
        ("COSTSIM_CANARY_DRIFT_THRESHOLD", false, "0.2", "divergence of the cost models beyond what is by design, 0 to 1; above it the canary fails"),
        ("COSTSIM_CANARY_ENABLED", false, "true", "whether the canary over the cost models runs once a day (docs/costsim.md)"),
        ("COSTSIM_CANARY_MAJOR_MAX_PCT", false, "0.1", "share of samples with major drift beyond the design, 0 to 1; above it the canary fails"),
        ("COSTSIM_CANARY_MAX_RUNTIME_SECONDS", false, "300", "longest that a run of the canary takes, 1 to 3600"),
        ("COSTSIM_CANARY_OUTLIER_MAX_PCT", false, "0.05", "share of outliers beyond the design, 0 to 1; above it the canary fails"),
        ("COSTSIM_CANARY_RETENTION_DAYS", false, "90", "days that reports of the canary are kept"),
        ("COSTSIM_CANARY_SAMPLE_COUNT", false, "100", "recent simulations that the canary looks at, 10 to 1000"),
        ("COSTSIM_CANARY_SCHEDULE", false, "03:00", "when the canary runs each day, UTC"),
        ("COSTSIM_DISABLE_TTL_HOURS", false, "24", "how long the breaker stays open; 0: until a person closes it"),
        ("COSTSIM_DRIFT_THRESHOLD", false, "0.2", "drift score up to which drift between the models is major, 0 to 1; above it the breaker counts a failure"),
        ("COSTSIM_DRIFT_WARNING_THRESHOLD", false, "0.15", "drift score up to which drift between the models is minor, 0 to 1"),
        ("COSTSIM_FAILURE_THRESHOLD", false, "3", "failures in a row that open the breaker"),
        ("COSTSIM_RUNBOOK_URL", false, "see docs/costsim.md", "address of the runbook that alerts name"),
        ("COSTSIM_SCHEMA_ERROR_THRESHOLD", false, "5", "unreadable answers in one report that open the breaker"),
        ("COSTSIM_SHADOW_MODEL", false, "v2", "name of the cost model beside the first"),
        ("COSTSIM_V1_TABLE", false, "none", "rows of the first cost model to replace, a JSON object by skill"),
        ("COSTSIM_V2_COEFFICIENTS", false, "none", "rows of the second cost model to replace, a JSON object by skill"),
        ("COSTSIM_V2_SANDBOX", false, "false", "the second cost model is asked beside the first (docs/costsim.md)"),
        ("DATABASE_URL", true, "none", "the same, when AOS_DATABASE_URL is not set"),
        ("DEFAULT_EST_COST_CENTS", false, "50", "cost of a goal before it is planned"),
        ("DISABLE_EXTERNAL_CALLS", false, "false", "the same as AOS_EXTERNAL_CALLS=deny, which comes first"),
        ("DRIFT_DETECTION_ENABLED", false, "false", "drift between the models is told beside entries of memory"),
        ("EMBEDDING_DAILY_QUOTA", false, "10000", "texts of a tenant that a provider is asked about for vectors in a day; 0: no limit"),
        ("EMBEDDING_DIMENSIONS", false, "the model's own", "numbers of a vector, where the model can be told"),
        ("EMBEDDING_MODEL", false, "see docs/recall.md", "model whose vectors notes of agents get"),
        ("EMBEDDING_PROVIDER", false, "builtin", "provider of that model; builtin: vectors without a model, offline"),
        ("ENABLE_INJECTION_DETECTION", false, "true", "refuses goals that try to steer the planner"),
        ("ENABLE_URL_SANITIZATION", false, "true", "refuses goals with private addresses"),
        ("FORBIDDEN_DOMAINS", false, "none", "hosts that no goal and no plan may name, with commas"),
        ("GITHUB_API_URL", false, "https://api.github.com", "address of the API that issues are made by"),
        ("GITHUB_REPO", false, "none", "owner/repository of issues about replay mismatches"),
        ("GITHUB_TOKEN", true, "none", "token that makes them; both must be set"),
        ("GOLDEN_SECRET", true, "none", "signs golden recordings beside the signing key, as the older engine did"),
        ("GOALS_PER_MINUTE", false, "see docs/agents.md", "goals per tenant"),
        ("GPT4_MAX_CENTS_PER_RUN", false, "see docs/budgets.md", "most that a run's calls of gpt-4-turbo may cost"),
        ("MACHINE_SECRET_TOKEN", true, "none", "token of the role machine, sent as X-Machine-Token; at least 16 characters"),
        ("MAX_ESTIMATED_COST_CENTS", false, "10000", "most that a planned run may cost"),
        ("MAX_GOAL_LENGTH", false, "10000", "characters of a goal"),
        ("MAX_LOOP_ITERATIONS", false, "10", "rounds of a loop in a planned run"),
        ("MAX_PLAN_STEPS", false, "25", "steps of a planned run"),
        ("MEMORY_AUDIT_ENABLED", false, "true", "what is done with the memory is put on its record"),
        ("MEMORY_CONTEXT_INJECTION", false, "false", "questions to the cost models name the entries of memory that belong to them"),
        ("MEMORY_FAIL_OPEN", false, "true", "cost models do without a memory that does not answer, and tell it"),
        ("MEMORY_MAX_SIZE_BYTES", false, "1048576", "bytes of one value in the memory"),
        ("MEMORY_PINS_ENABLED", false, "true", "there is a memory"),
        ("MEMORY_POST_UPDATE", false, "false", "what the cost models were asked is written into the memory"),
        ("OIDC_AUDIENCE", false, "aos-api", "audiences that access tokens are for, with commas"),
        ("OIDC_CLIENT_ID", false, "aos-backend", "client whose resource_access roles count"),
        ("OIDC_ISSUER_URL", false, "none", "issuer whose access tokens are accepted"),
        ("OIDC_JWKS_URI", false, "by discovery", "address of the issuer's keys"),
        ("OIDC_JWKS_URL", false, "by discovery", "the same, when OIDC_JWKS_URI is not set"),
        ("OPENAI_API_KEY", true, "none", "key of a model provider"),
        ("OPENAI_BASE_URL", false, "the provider's", "its address, or that of a compatible server"),
        ("OPENAI_EMBED_MODEL", false, "see docs/models.md", "its default model of vectors"),
        ("OPENAI_MODEL", false, "see docs/models.md", "its default model"),
        ("OPUS_MAX_CENTS_PER_RUN", false, "see docs/budgets.md", "most that a run's calls of claude-3-opus may cost"),
        ("PER_DAY_MAX_CENTS", false, "see docs/agents.md", "most that an agent may spend a day"),
        ("PER_RUN_MAX_CENTS", false, "see docs/budgets.md", "most that one run may be estimated to cost"),
        ("PLANNER_BACKEND", false, "rules", "planner of agents that name none"),
        ("PLANNER_MODEL", false, "the provider's", "its model"),
        ("PLANNER_TIMEOUT_SECONDS", false, "25", "longest that planning takes"),
        ("RATE_LIMIT_ENABLED", false, "true", "false: nobody is limited in the number of requests"),
        ("RATE_LIMIT_FAIL_OPEN", false, "true", "while the store of shared limits is away: true, each node grants its share; false, nothing is granted"),
        ("RBAC_ENFORCE", false, "true", "false: the same as AOS_RBAC_MODE=off, which comes first"),
        ("RBAC_POLICY_FILE", false, "none", "the same as AOS_RBAC_POLICY_FILE, which comes first"),
        ("REDIS_URL", true, "none", "the same as AOS_REDIS_URL, which comes first"),
        ("SLACK_MISMATCH_WEBHOOK", true, "none", "address that chat messages about replay mismatches are posted to when no issue is made"),
        ("VECTOR_SEARCH_ENABLED", false, "true", "false: notes of agents are found by their words alone"),
        ("COSTSIM_PROVENANCE_ENABLED", false, "true", "whether simulations are recorded"),
        ("COSTSIM_PROVENANCE_COMPRESS", false, "true", "whether what is recorded of them is compressed"),
        ("AOS_PROVENANCE_RETENTION_DAYS", false, "90", "days that simulations and costs of runs are recorded, 1 to 3650"),
        ("AOS_COST_RECORD_RETENTION_DAYS", false, "90", "days that costs of calls are kept, 1 to 3650"),
        ("TRACE_RETENTION_DAYS", false, "30", "days that traces which clients stored are kept, 1 to 365"),
    ];

    /// <summary>Names of the settings that are secret.</summary>
    internal static IReadOnlyCollection<string> Secrets { get; } = Settings.Where(setting => setting.IsSecret).Select(setting => setting.Name).ToHashSet(StringComparer.Ordinal);

    internal static Command Command()
    {
        var command = new Command("config", "Prints the effective settings and where each comes from; secrets are masked.\n\nExample: AOS_DATA=./data aos config");
        command.SetAction(parsed =>
        {
            var place = CommandLine.Place(parsed);
            if (parsed.GetValue(CommandLine.AsJson)) Report.Line(ToJson(place));
            else Print(place);
            return Composition.ServerUnavailable() is { } unavailable ? Report.Fail(5, unavailable) : 0;
        });
        return command;
    }

    private static void Print(Place place)
    {
        Console.Out.WriteLine($"data       {Path.GetFullPath(place.Data)}");
        Console.Out.WriteLine($"workspace  {Path.GetFullPath(place.Workspace)}");
        Console.Out.WriteLine($"server     {(place.Server is { } server ? WithoutPassword(server) : null) ?? "whoever holds the data directory, else this process"}");
        Console.Out.WriteLine();
        foreach (var (name, isSecret, otherwise, what) in Settings)
            Console.Out.WriteLine($"{name,-26} {Shown(name, isSecret) ?? $"(not set: {otherwise})"}\n{"",-26} {what}");
    }

    private static System.Text.Json.JsonElement ToJson(Place place) => Json.Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("data", Path.GetFullPath(place.Data));
        writer.WriteString("workspace", Path.GetFullPath(place.Workspace));
        writer.WriteString("server", place.Server is { } server ? WithoutPassword(server) : null);
        writer.WriteStartObject("environment");
        foreach (var (name, isSecret, _, _) in Settings)
        {
            if (Shown(name, isSecret) is { } value) writer.WriteString(name, value);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    /// <summary>The value as it may be shown, or null: not set.</summary>
    private static string? Shown(string name, bool isSecret) =>
        isSecret ? ShownSecret(name, Composition.Secrets.Find(name)) : Composition.Setting(name) is { } value ? PlainText.Of(WithoutPassword(value)) : null;

    private static string? ShownSecret(string name, FoundSecret secret) => secret switch
    {
        { Problem: not null } => "(cannot be had, see below)",
        { Source: null } => null,
        { Source: var source } when source == name => "****",
        { Source: var source } when source.EndsWith(SecretSettings.FileSuffix, StringComparison.Ordinal) => $"**** (from the file {PlainText.Of(Environment.GetEnvironmentVariable(source)!)})",
        { Source: var source } => $"**** (printed by {PlainText.Of(SecretCommand.Shown(Environment.GetEnvironmentVariable(source)!))})",
    };

    /// <summary>An address may carry a name and a password.</summary>
    private static string WithoutPassword(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var uri) && uri.UserInfo.Length > 0 ? value.Replace(uri.UserInfo, "****", StringComparison.Ordinal) : value;
}
