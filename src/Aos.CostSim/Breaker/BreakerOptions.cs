using System.Globalization;

namespace Aos.CostSim;

/// <summary>Settings of the circuit breaker over the second cost model, and of its alerts.</summary>
public sealed class BreakerOptions
{
    private const string AlertsPath = "/api/v2/alerts";

    /// <summary>A drift score above this is a failure, 0 to 1.</summary>
    public double DriftThreshold { get; set; } = 0.2;

    /// <summary>Failures in a row that open the breaker, 1 to 1,000.</summary>
    public int FailureThreshold { get; set; } = 3;

    /// <summary>Unreadable answers in one report that open it, 1 to 1,000,000.</summary>
    public int SchemaErrorThreshold { get; set; } = 5;

    /// <summary>True: when its time is over, an open breaker lets probes through.</summary>
    public bool AutoRecover { get; set; } = true;

    /// <summary>How long it stays open; null: until a person closes it.</summary>
    public TimeSpan? DisableTtl { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Questions that a half open breaker lets through, all of which must be good, 1 to 100.</summary>
    public int Probes { get; set; } = 3;

    /// <summary>Base address of the Alertmanager, without the path of its API; null: nobody is alerted.</summary>
    public string? AlertmanagerUrl { get; set; }

    /// <summary>Where whoever is alerted reads what to do.</summary>
    public string RunbookUrl { get; set; } = "https://docs.aos.internal/runbooks/costsim-circuit-breaker";

    /// <summary>How long the Alertmanager may take to answer.</summary>
    public TimeSpan AlertTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The name of this node in alerts.</summary>
    public string Instance { get; set; } = Environment.MachineName;

    /// <summary>Where alerts are posted; null: nobody is alerted.</summary>
    internal string? AlertsUrl => AlertmanagerUrl is { } url ? url + AlertsPath : null;

    /// <summary>
    /// Reads <c>COSTSIM_FAILURE_THRESHOLD</c>, <c>COSTSIM_SCHEMA_ERROR_THRESHOLD</c>, <c>COSTSIM_AUTO_RECOVER</c>,
    /// <c>COSTSIM_DISABLE_TTL_HOURS</c>, <c>COSTSIM_BREAKER_PROBES</c>, <c>COSTSIM_RUNBOOK_URL</c> and <c>ALERTMANAGER_URL</c>.
    /// </summary>
    /// <param name="drift">Where major drift between the models ends, by the settings of the models.</param>
    /// <param name="problems">Takes a sentence of each that cannot be read.</param>
    internal static BreakerOptions Read(Func<string, string?> setting, double drift, ICollection<string> problems)
    {
        var options = new BreakerOptions { DriftThreshold = drift };
        options.FailureThreshold = (int)Whole("COSTSIM_FAILURE_THRESHOLD", 1, 1_000, options.FailureThreshold);
        options.SchemaErrorThreshold = (int)Whole("COSTSIM_SCHEMA_ERROR_THRESHOLD", 1, 1_000_000, options.SchemaErrorThreshold);
        options.Probes = (int)Whole("COSTSIM_BREAKER_PROBES", 1, 100, options.Probes);
        options.DisableTtl = Number("COSTSIM_DISABLE_TTL_HOURS", 0, 8_784, 24) is > 0 and var hours ? TimeSpan.FromHours(hours) : null;
        if (setting("COSTSIM_AUTO_RECOVER") is { Length: > 0 } recover)
        {
            if (bool.TryParse(recover, out var isOn)) options.AutoRecover = isOn;
            else problems.Add($"COSTSIM_AUTO_RECOVER is '{recover}'; it must be true or false.");
        }

        if (setting("COSTSIM_RUNBOOK_URL") is { Length: > 0 } runbook)
        {
            if (Web(runbook) is not null) options.RunbookUrl = runbook;
            else problems.Add("COSTSIM_RUNBOOK_URL must be an http or https address.");
        }

        if (setting("ALERTMANAGER_URL") is { Length: > 0 } url)
        {
            options.AlertmanagerUrl = Base(url);
            if (options.AlertmanagerUrl is null) problems.Add("ALERTMANAGER_URL must be the http or https address of an Alertmanager, without a password and without a query.");
        }

        return options;

        double Number(string name, double from, double to, double otherwise)
        {
            if (setting(name) is not { Length: > 0 } text) return otherwise;
            if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number >= from && number <= to) return number;
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"{name} is '{text}'; it must be a number from {from} to {to}."));
            return otherwise;
        }

        double Whole(string name, int from, int to, int otherwise)
        {
            var number = Number(name, from, to, otherwise);
            if (number == Math.Floor(number)) return number;
            problems.Add($"{name} is '{setting(name)}'; it must be a whole number.");
            return otherwise;
        }
    }

    /// <summary>The address without the path of the API, which some give with it.</summary>
    private static string? Base(string text)
    {
        if (Web(text) is not { UserInfo: "", Query: "", Fragment: "" }) return null;
        var url = text.TrimEnd('/');
        return url.EndsWith(AlertsPath, StringComparison.OrdinalIgnoreCase) ? url[..^AlertsPath.Length].TrimEnd('/') : url;
    }

    private static Uri? Web(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https") ? uri : null;
}
