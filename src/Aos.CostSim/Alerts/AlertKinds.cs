namespace Aos.CostSim;

/// <summary>What alerts are about, as metrics name it.</summary>
internal static class AlertKinds
{
    internal const string Disable = "disable";
    internal const string Enable = "enable";
    internal const string Budget = "budget";

    /// <summary>Of an item that does not say it.</summary>
    internal const string Other = "other";

    internal static IReadOnlyList<string> All { get; } = [Disable, Enable, Budget, Other];
}
