using System.Globalization;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Runs;

/// <summary>What one call needs before it goes out.</summary>
/// <param name="Target">What it goes to: the most particular thing that is known of it.</param>
/// <param name="Penalty">The key under which its target is slowed down for all.</param>
/// <param name="Slots">In the order in which everybody takes them.</param>
internal sealed record CallNeeds(CallTarget Target, LimitKey Penalty, IReadOnlyList<Want> Wants, IReadOnlyList<Slot> Slots);

/// <summary>Finds out from the rules what calls need.</summary>
internal sealed class NeedsReader(FlowOptions options)
{
    /// <summary>A holder is one call of one process: after a takeover the call of the node before may still be under way.</summary>
    private readonly string process = Guid.CreateVersion7().ToString("N");
    private readonly HashSet<string> ruled = [.. options.Rules.Where(rule => rule.Kind == TargetKind.Skill).Select(rule => rule.Name)];
    private long calls;

    /// <summary>Null: the call goes nowhere that could be limited.</summary>
    /// <param name="outside">Where it goes; null: nowhere outside.</param>
    internal CallNeeds? Of(TenantId tenant, InvokeSkill call, CallTarget? outside)
    {
        if (outside is null && call.Class == EffectClass.Pure && !ruled.Contains(call.Skill) && !ruled.Contains("*")) return null;
        var target = outside ?? new CallTarget(TargetKind.Skill, call.Skill);
        // The house's own key at a provider is everybody's; what a host thinks of one tenant says nothing of another.
        var penalty = target.Kind == TargetKind.Provider ? LimitKey.OfHouse("provider", target.Name) : LimitKey.Of(tenant, Word(target.Kind), target.Name);
        var wants = new List<Want> { new(penalty, null, 1) };
        var slots = new List<Slot>();
        foreach (var rule in options.Rules)
        {
            var name = rule.Kind == TargetKind.Skill ? call.Skill : rule.Kind == target.Kind ? target.Name : null;
            if (name is null || (rule.Name != "*" && rule.Name != name)) continue;
            Add(rule, name, tenant, target, call, wants, slots);
        }

        slots.Sort(static (a, b) => string.CompareOrdinal(a.Key.Value, b.Key.Value));
        return new CallNeeds(target, penalty, wants, slots);
    }

    internal static string Word(TargetKind kind) => kind switch { TargetKind.Host => "host", TargetKind.Provider => "provider", _ => "skill" };

    private void Add(FlowRule rule, string name, TenantId tenant, CallTarget target, InvokeSkill call, List<Want> wants, List<Slot> slots)
    {
        if (rule.Requests is { } requests) wants.Add(new Want(Key("requests", Rate(requests)), requests, 1, rule.WhenLost));
        if (rule.Tokens is { } tokens && target.Tokens > 0) wants.Add(new Want(Key("tokens", Rate(tokens)), tokens, target.Tokens, rule.WhenLost));
        if (rule.Concurrent is { } places) slots.Add(new Slot(Key("concurrent", $"{places}"), places, Holder(), options.Lease));
        if (rule.Singleton is { } path && Value(call.Params, path) is { } value)
            slots.Add(new Slot(LimitKey.Of(tenant, "singleton", $"{Word(rule.Kind)} {name} {path} {value}"), 1, Holder(), options.Lease));

        LimitKey Key(string what, string form)
        {
            var purpose = $"{Word(rule.Kind)}_{what}";
            return rule.PerTenant ? LimitKey.Of(tenant, purpose, $"{form} {name}") : LimitKey.OfHouse(purpose, $"{form} {name}");
        }
    }

    private string Holder() => string.Create(CultureInfo.InvariantCulture, $"{process}:{Interlocked.Increment(ref calls)}");

    /// <summary>Two rates of one target are two buckets.</summary>
    private static string Rate(RateLimit rate) => string.Create(CultureInfo.InvariantCulture, $"{rate.Amount}/{rate.Per.Ticks}");

    private static string? Value(JsonElement parameters, string path)
    {
        var at = parameters;
        foreach (var name in path.Split('.'))
        {
            if (at.Get(name) is not { ValueKind: not JsonValueKind.Null } member) return null;
            at = member;
        }

        return at.GetRawText();
    }
}
