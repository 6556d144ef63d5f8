using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Skills;

/// <summary>All skills, and the one way to run one: it times out, it stops when cancelled, it never throws.</summary>
internal sealed class Registry : ISkills
{
    /// <summary>Longer messages of failures are cut, characters.</summary>
    internal const int MessageMax = 2_000;

    /// <summary>Choices of versions that are kept; plans of a house make few different ones.</summary>
    private const int ChosenMax = 1_000;

    private readonly FrozenDictionary<string, Shelf> byName;
    private readonly Func<Shelf, IRegistered> meant;
    private readonly ConcurrentDictionary<string, Registry> chosen = new(StringComparer.Ordinal);
    private readonly SkillGate gate;
    private readonly SecretTokens secrets;
    private readonly ConnectionOpener connections;
    private readonly TokenQuota tokens;
    private readonly TimeProvider clock;

    public Registry(IEnumerable<IRegistered> skills, SkillGate gate, SecretTokens secrets, ConnectionOpener connections, TokenQuota tokens, TimeProvider clock)
    {
        byName = Shelves.Of(skills, gate.DisabledVersions).ToFrozenDictionary(shelf => shelf.Name, StringComparer.Ordinal);
        meant = static shelf => shelf.Newest;
        (All, Contracts, Terms) = Views();
        this.gate = gate;
        this.secrets = secrets;
        this.connections = connections;
        this.tokens = tokens;
        this.clock = clock;
    }

    /// <summary>The same, where names mean other versions.</summary>
    private Registry(Registry house, FrozenDictionary<string, IRegistered> choice)
    {
        (byName, gate, secrets, connections, tokens, clock) = (house.byName, house.gate, house.secrets, house.connections, house.tokens, house.clock);
        meant = shelf => choice.TryGetValue(shelf.Name, out var skill) ? skill : shelf.Newest;
        (All, Contracts, Terms) = Views();
    }

    public IReadOnlyDictionary<string, SkillDescription> All { get; }

    public IReadOnlyDictionary<string, SkillContract> Contracts { get; }

    public IReadOnlyDictionary<string, SkillTerms> Terms { get; }

    public Failure? Refusal(string skill, TenantId tenant, string agentId) => gate.Refusal(skill, tenant, agentId);

    public IReadOnlyList<SkillDescription> Versions(string skill) => byName.TryGetValue(skill, out var shelf) ? [.. shelf.All.Select(one => one.Description)] : [];

    public (ISkills Skills, IReadOnlyList<PlanProblem> Problems) Choose(IReadOnlyCollection<SkillAsk> asks)
    {
        var problems = new List<PlanProblem>();
        var choice = new SortedDictionary<string, IRegistered>(StringComparer.Ordinal);
        foreach (var group in asks.GroupBy(ask => ask.Skill, StringComparer.Ordinal))
        {
            if (!byName.TryGetValue(group.Key, out var shelf)) continue; // Told by whoever reads the plan.
            if (shelf.Choose([.. group.Select(ask => ask.Range)]) is { } skill) choice[group.Key] = skill;
            else problems.Add(Shelves.Missing(shelf, [.. group]));
        }

        if (choice.All(pair => ReferenceEquals(meant(byName[pair.Key]), pair.Value))) return (this, problems);
        var key = string.Join(' ', choice.Select(pair => $"{pair.Key}@{pair.Value.Version}"));
        if (chosen.Count >= ChosenMax) chosen.Clear();
        return (chosen.GetOrAdd(key, _ => new Registry(this, choice.ToFrozenDictionary(StringComparer.Ordinal))), problems);
    }

    public CallTarget? Target(string skill, JsonElement parameters) => byName.TryGetValue(skill, out var shelf) ? meant(shelf).Target(parameters) : null;

    public async ValueTask<(CallTarget? Target, Failure? Refusal)> TargetAsync(string skill, JsonElement parameters, SkillCall call, CancellationToken cancel)
    {
        if (Find(skill, call.Version) is not { } registered) return (null, null);
        if (!ConnectionOpener.IsNamed(registered.Contract, parameters)) return (registered.Target(parameters), null);
        try
        {
            var (through, refusal) = await connections.FindAsync(registered.Contract, parameters, call, cancel);
            return (through is null ? null : registered.Target(parameters, through), refusal);
        }
        catch (JournalUnavailableException e)
        {
            return (null, FailureCatalog.Fail("STORE_UNAVAILABLE", $"{skill}: {e.Message}", e.RetryAfter));
        }
    }

    public Task<IReadOnlyList<ConnectionProblem>> ConnectionProblemsAsync(Plan plan, TenantId tenant, string agentId, CancellationToken cancel) =>
        new PlanConnections(this.For(plan), connections).ProblemsAsync(plan, tenant, agentId, cancel);

    public IReadOnlyList<PlanProblem> Check(string skill, JsonElement parameters, string path) =>
        byName.TryGetValue(skill, out var shelf)
            ? meant(shelf).Check(parameters, path)
            : [new PlanProblem(path, "SKILL_NOT_FOUND", $"There is no skill {skill}.")];

    public async Task<StructuredOutcome> InvokeAsync(string skill, JsonElement parameters, SkillCall call, CancellationToken cancel)
    {
        if (Find(skill, call.Version) is not { } registered) return StructuredOutcome.Failed(SkillNames.Off(skill) ?? Shelves.Missing(byName.GetValueOrDefault(skill), skill, call.Version));
        if (gate.Refusal(skill, call.Tenant, call.AgentId) is { } refusal) return StructuredOutcome.Failed(refusal);
        if (gate.Rejection(registered.Contract, parameters) is { } rejection) return StructuredOutcome.Failed(rejection);
        var started = clock.GetTimestamp();
        using var timeout = new CancellationTokenSource(call.Timeout, clock);
        await using var stop = cancel.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), timeout);
        var answer = await AnswerAsync(registered, parameters, call, timeout.Token, cancel);
        return answer with { Latency = clock.GetElapsedTime(started) };
    }

    private IRegistered? Find(string skill, string? version) =>
        !byName.TryGetValue(skill, out var shelf) ? null : version is null ? meant(shelf) : shelf.Find(version);

    private (IReadOnlyDictionary<string, SkillDescription>, IReadOnlyDictionary<string, SkillContract>, IReadOnlyDictionary<string, SkillTerms>) Views() => (
        new View<SkillDescription>(byName, shelf => meant(shelf).Description),
        new View<SkillContract>(byName, shelf => meant(shelf).Contract),
        new View<SkillTerms>(byName, shelf => meant(shelf).Terms));

    private async ValueTask<StructuredOutcome> AnswerAsync(
        IRegistered skill, JsonElement parameters, SkillCall call, CancellationToken timeout, CancellationToken cancel)
    {
        var opened = new OpenedParams(parameters, null, []);
        try
        {
            var through = await connections.OpenAsync(skill.Contract, parameters, call, timeout);
            if (through?.Refusal is { } unreachable) return StructuredOutcome.Failed(unreachable);
            opened = await secrets.OpenAsync(skill.Contract, parameters, call, timeout);
            if (opened.Failure is { } missing) return StructuredOutcome.Failed(missing);
            if (through is not null) (opened, call) = (opened.With(through), call with { Connection = through.Connection });
            var (taken, most) = await tokens.TakeAsync(skill, opened.Parameters, call, timeout);
            if (taken.Refusal is { } exhausted) return StructuredOutcome.Failed(exhausted);
            var rule = OutboundRule.Current = gate.Outbound(skill.Name, call);
            var task = skill.InvokeAsync(opened.Parameters, call, timeout);
            // A skill that does not listen to its token is left behind; nobody waits for what it says later.
            var outcome = await (task.IsCompleted ? task : task.WaitAsync(timeout));
            await tokens.SettleAsync(call.Tenant, taken, most, outcome);
            return Short(opened.Seal(Told(rule.Calls, outcome)));
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancel.IsCancellationRequested)
        {
            return StructuredOutcome.Failed(FailureCatalog.Fail("TIMEOUT", $"{skill.Name} did not answer within {call.Timeout.TotalSeconds:0.###} s."));
        }
        catch (TargetRefusedException e) when (!cancel.IsCancellationRequested)
        {
            return Short(Told(OutboundRule.Current?.Calls, StructuredOutcome.Failed(e.Why)));
        }
        catch (JournalUnavailableException e) when (!cancel.IsCancellationRequested)
        {
            return StructuredOutcome.Failed(FailureCatalog.Fail("STORE_UNAVAILABLE", $"{skill.Name}: {e.Message}", e.RetryAfter));
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            var broke = StructuredOutcome.Failed(FailureCatalog.Fail("EXECUTION_ERROR", $"{skill.Name} broke: {e.GetType().Name}: {e.Message}"));
            return Short(opened.Seal(Told(OutboundRule.Current?.Calls, broke)));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw new OperationCanceledException(e.Message, e, cancel);
        }
    }

    /// <summary>
    /// Calls that were kept in are facts of the run, also when the skill went on without them. Where it failed, that is why: what a
    /// client library makes of a connection it did not get says nothing.
    /// </summary>
    private static StructuredOutcome Told(ExternalCallGuard? calls, StructuredOutcome outcome)
    {
        if (calls?.First is not { } kept) return outcome;
        return outcome with { Blocked = calls.Blocked, Failure = outcome.Failure is null ? null : kept };
    }

    /// <summary>What a failure tells is journaled and shown, and no later step needs a secret that is in it.</summary>
    private static StructuredOutcome Short(StructuredOutcome outcome)
    {
        if (outcome.Failure is not { } failure) return outcome;
        var message = Redactor.RedactText(failure.Message, Redaction.Secrets);
        if (message.Length > MessageMax) message = message[..MessageMax] + "…";
        JsonElement? details = failure.Details is { } told ? Redactor.RedactAll(told, Redaction.Secrets) : null;
        return outcome with { Failure = failure with { Message = message, Details = details } };
    }

    /// <summary>What is known of each skill, made when it is asked for.</summary>
    private sealed class View<T>(FrozenDictionary<string, Shelf> skills, Func<Shelf, T> of) : IReadOnlyDictionary<string, T>
    {
        public int Count => skills.Count;

        public IEnumerable<string> Keys => skills.Keys;

        public IEnumerable<T> Values => skills.Values.Select(of);

        public T this[string key] => of(skills[key]);

        public bool ContainsKey(string key) => skills.ContainsKey(key);

        public bool TryGetValue(string key, [System.Diagnostics.CodeAnalysis.MaybeNullWhen(false)] out T value)
        {
            var found = skills.TryGetValue(key, out var skill);
            value = found ? of(skill!) : default;
            return found;
        }

        public IEnumerator<KeyValuePair<string, T>> GetEnumerator() =>
            skills.Select(pair => KeyValuePair.Create(pair.Key, of(pair.Value))).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
