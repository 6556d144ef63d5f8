using System.Collections.Frozen;
using System.Diagnostics;
using System.Text.Json.Serialization.Metadata;
using Aos.Contracts;
using Aos.Kernel;
using Aos.Skills;

namespace Aos.Bench;

/// <summary>What the registry costs with a thousand skills, beside a look into a frozen dictionary of as many names.</summary>
internal static class RegistrySuite
{
    private const int Skills = 1_000;

    private const int Rounds = 9;

    internal static void Run()
    {
        var names = Enumerable.Range(0, Skills).Select(i => $"load_{i}").ToArray();
        var bare = names.ToFrozenDictionary(name => name, name => new object(), StringComparer.Ordinal);
        var one = Of(names.Select(name => (name, "1.0.0")));
        var ten = Of(names.Take(100).SelectMany(name => Enumerable.Range(0, 10).Select(minor => (name, $"1.{minor}.0"))));
        var (snapshot, exact, range) = (SkillSnapshots.Of(one), VersionRange.Read("1.4.0")!, VersionRange.Read("^1.4")!);
        var (old, now) = (snapshot.GetProperty("skills")[0], snapshot.GetProperty("skills")[1]);
        var (required, actual) = (SemanticVersion.Read("1.2.0")!, SemanticVersion.Read("1.7.3")!);
        Console.WriteLine($"{"ns each, median of " + Rounds,-58} {"aos",12} {"ceiling",12}");
        var ceiling = Measure(1_000, i => bare.ContainsKey(names[i % Skills]));
        Line("find one of 1,000 skills by its name", Measure(1_000, i => one.Terms.TryGetValue(names[i % Skills], out _)), ceiling);
        Line("find one of 10 versions of one of 100 by its number", Measure(1_000, i => ten.Choose([new SkillAsk("", names[i % 100], exact)])), ceiling);
        Line("the newest of 10 versions that fits a range", Measure(1_000, i => ten.Choose([new SkillAsk("", names[i % 100], range)])), ceiling);
        Line("does a version serve another", Measure(1_000, _ => actual.Serves(required)), null);
        Line("compare two contracts with their schemas", Measure(1_000, _ => ContractDiffs.Of(old, now)), null);
        Line("list 1,000 skills, each", Measure(10, _ => one.Contracts.Count(skill => skill.Value.Name.Length > 0)) / Skills, null);
        Line("find those with a tag among 1,000, each", Measure(10, _ => one.Contracts.Count(skill => skill.Value.Tags.Contains("even"))) / Skills, null);
        Line("snapshot of 1,000 skills, each", Measure(1, _ => SkillSnapshots.Of(one)) / Skills, null);
        Line("register 1,000 skills, each", Measure(1, _ => Of(names.Select(name => (name, "1.0.0")))) / Skills, null);
    }

    private static Registry Of(IEnumerable<(string Name, string Version)> skills)
    {
        var lookup = new SecretLookup([], new EnvironmentSecrets());
        return new Registry(
            skills.Select(IRegistered (skill) => new Registered<EchoIn, EchoOut>(skill.Name, () => new Load(skill.Name, skill.Version), skill.Version)),
            new SkillGate(new SkillsOptions(), static () => null), new SecretTokens(lookup), new ConnectionOpener(lookup), new TokenQuota(), TimeProvider.System);
    }

    /// <summary>Nanoseconds of one call.</summary>
    private static double Measure(int calls, Func<int, object> act)
    {
        var rounds = new double[Rounds];
        for (var round = -3; round < Rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            for (var i = 0; i < calls; i++) act(i);
            if (round >= 0) rounds[round] = Stopwatch.GetElapsedTime(started).TotalNanoseconds / calls;
        }

        Array.Sort(rounds);
        return rounds[Rounds / 2];
    }

    private static void Line(string what, double ours, double? ceiling) => Console.WriteLine($"{what,-58} {ours,12:N0} {(ceiling is { } bare ? bare.ToString("N0", null) : ""),12}");

    private sealed class Load(string name, string version) : ISkill<EchoIn, EchoOut>
    {
        private readonly Echo echo = new();

        public SkillContract Contract { get; } = new()
        {
            Name = name, Version = version, Description = "A skill among many.", Effect = EffectClass.Pure, StableFields = ["echo"], Tags = ["even"], FailureModes = [new FailureMode("TIMEOUT", 0.1, "Slow.")],
        };

        public JsonTypeInfo<EchoIn> Input => echo.Input;

        public JsonTypeInfo<EchoOut> Output => echo.Output;

        public Task<SkillAnswer<EchoOut>> InvokeAsync(EchoIn input, SkillCall call, CancellationToken cancel) => echo.InvokeAsync(input, call, cancel);
    }
}
