using System.Text.Json;
using Aos.Contracts;

namespace Aos.Identity;

/// <summary>Settings of the identity room.</summary>
public sealed class IdentityOptions
{
    /// <summary>Fewer characters are no machine token that may be believed.</summary>
    public const int MachineTokenCharsMin = 16;

    /// <summary>The first API key, or null: a development server makes one and keeps it in the data directory.</summary>
    public string? Key { get; set; }

    /// <summary>What services of the house present as <c>X-Machine-Token</c>; null: there is none.</summary>
    public string? MachineToken { get; set; }

    /// <summary>Data directory.</summary>
    public string Data { get; set; } = ".aos";

    /// <summary>True: this is one of several nodes on a database. Without a <see cref="Key"/> they derive the same one from its keyring.</summary>
    public bool IsShared { get; set; }

    /// <summary>Is told the derived key once on a database; null: this process has nobody to tell.</summary>
    public Action<string>? Made { get; set; }

    /// <summary>The policy file, JSON or YAML; null: none.</summary>
    public string? PolicyFile { get; set; }

    public RbacMode Mode { get; set; }

    /// <summary>False: nobody is limited in the number of requests.</summary>
    public bool LimitsRequests { get; set; } = true;

    /// <summary>Of callers without a credential, each by its address; also what wrong credentials of an address count against.</summary>
    public string AnonymousTier { get; set; } = "free";

    /// <summary>What holds while the store that nodes share their limits in does not answer.</summary>
    public WhenLost WhenLimitsLost { get; set; }

    /// <summary>Whose access tokens are accepted; null: nobody's.</summary>
    internal OidcOptions? Oidc { get; set; }

    /// <summary>Reads a file as JSON or YAML. Throws <see cref="IOException"/> or <see cref="FormatException"/> with what is wrong.</summary>
    public Func<string, JsonElement> Read { get; set; } = file => JsonElement.Parse(File.ReadAllBytes(file));

    /// <summary>What keeps the house from starting; empty: nothing.</summary>
    public IReadOnlyList<string> Problems { get; private set; } = [];

    /// <summary>The settings that the environment names, and what is wrong with them.</summary>
    /// <param name="setting">A variable's value; null: not set.</param>
    public static IdentityOptions Of(Func<string, string?> setting, Func<string, JsonElement> read)
    {
        var problems = new List<string>();
        var options = new IdentityOptions
        {
            Key = setting("AOS_API_KEY"),
            MachineToken = setting("MACHINE_SECRET_TOKEN"),
            PolicyFile = setting("AOS_RBAC_POLICY_FILE") ?? setting("RBAC_POLICY_FILE"),
            Read = read,
        };
        options.Mode = ModeOf(setting, problems);
        options.Oidc = OidcOptions.Read(setting, problems);
        options.LimitsRequests = !IsFalse(setting("RATE_LIMIT_ENABLED"));
        options.WhenLimitsLost = IsFalse(setting("RATE_LIMIT_FAIL_OPEN")) ? WhenLost.Wait : WhenLost.OwnShare;
        options.AnonymousTier = setting("AOS_ANONYMOUS_TIER") ?? "free";
        if (!Tiers.IsKnown(options.AnonymousTier)) problems.Add($"AOS_ANONYMOUS_TIER is one of {string.Join(", ", Tiers.Names)}, not '{options.AnonymousTier}'.");
        if (options.MachineToken is { Length: < MachineTokenCharsMin }) problems.Add($"MACHINE_SECRET_TOKEN has fewer than {MachineTokenCharsMin} characters; make one with openssl rand -hex 32.");
        if (options.PolicyFile is { } file && options.ReadPolicy(file).Problem is { } problem) problems.Add(problem);
        options.Problems = problems;
        return options;
    }

    /// <summary>The policy, or what is wrong; and whether the file is no JSON or YAML at all.</summary>
    internal (RbacPolicy? Policy, string? Problem, bool IsNoText) ReadPolicy(string file)
    {
        try
        {
            if (new FileInfo(file) is { Exists: true, Length: > PolicyReader.BytesMax }) return (null, $"{file}: larger than {PolicyReader.BytesMax} bytes.", false);
            var (policy, problem) = PolicyReader.Read(Read(file), file);
            return (policy, problem is null ? null : $"{file}: {problem}.", false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or JsonException)
        {
            return (null, $"{file}: {e.Message}", e is FormatException or JsonException);
        }
    }

    private static bool IsFalse(string? text) => text?.Equals("false", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary><c>AOS_RBAC_MODE</c>, else what RBAC_ENFORCE meant before: false let everybody with a credential do everything.</summary>
    private static RbacMode ModeOf(Func<string, string?> setting, List<string> problems)
    {
        if (setting("AOS_RBAC_MODE") is not { } mode)
            return IsFalse(setting("RBAC_ENFORCE")) ? RbacMode.Off : RbacMode.Enforce;
        if (Enum.TryParse<RbacMode>(mode, ignoreCase: true, out var known) && Enum.IsDefined(known) && char.IsAsciiLetter(mode[0])) return known;
        problems.Add($"AOS_RBAC_MODE is enforce, shadow or off, not '{mode}'.");
        return RbacMode.Enforce;
    }
}
