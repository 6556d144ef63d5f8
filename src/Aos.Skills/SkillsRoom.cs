using Aos.Contracts;
using Aos.Kernel;
using Microsoft.Extensions.DependencyInjection;

namespace Aos.Skills;

/// <summary>The door of the skills room.</summary>
public static class SkillsRoom
{
    public const string Name = "skills";

    /// <summary>Names of the skills that are part of AOS.</summary>
    internal static IReadOnlyCollection<string> Own { get; } =
    [
        AgentClause.Invoke, "calendar_write", "echo", "email_send", "fs_read", "fs_write", HttpCall.Name, HttpGet.Name, "json_transform", "kv_delete", "kv_get", "kv_set",
        "llm_embed", "llm_invoke", "postgres_query", "slack_send", "wait", "webhook_send",
    ];

    /// <summary>True: no other skill may have this name.</summary>
    public static bool IsOwn(string name) => Own.Contains(name);

    public static AosBuilder AddSkills(this AosBuilder aos, SkillsOptions options)
    {
        aos.Services.AddSingleton(options);
        aos.Services.AddSingleton<Workspace>();
        aos.Services.AddSingleton(p => new SkillGate(options, p.GetService<IAgents>));
        aos.Services.AddSingleton<SecretTokens>();
        aos.Services.AddSingleton<EnvironmentSecrets>();
        aos.Services.AddSingleton<SecretLookup>();
        aos.AddConnections();
        aos.Services.AddSingleton(p => new KvStore(new Lazy<IDatabase>(p.GetRequiredService<IDatabase>), p.GetRequiredService<TimeProvider>()));
        aos.Services.AddSingleton<IKeepsBytes>(p => p.GetRequiredService<KvStore>());
        aos.Services.AddSingleton<TokenQuota>();
        foreach (var found in options.Loaded.Skills) aos.Services.AddSingleton(found.Register);
        return aos
            .Migrations(KvSchema.Migrations)
            .Chore<KvSweep>()
            .AddSkill(AgentClause.Invoke, _ => new AgentInvoke())
            .AddSkill("calendar_write", p => new CalendarWrite(p.GetRequiredService<Workspace>(), new CalendarStore(p.GetRequiredService<IEgress>(), p.GetRequiredService<TimeProvider>()), p.GetRequiredService<TimeProvider>()))
            .AddSkill("echo", _ => new Echo())
            .AddSkill("email_send", p => new EmailSend(new SmtpDelivery(p.GetRequiredService<IEgress>(), p.GetRequiredService<SmtpTrust>(), p.GetRequiredService<TimeProvider>()), p.GetRequiredService<TimeProvider>()))
            .AddSkill("json_transform", _ => new JsonTransform())
            .AddSkill("fs_read", p => new FsRead(p.GetRequiredService<Workspace>()))
            .AddSkill("fs_write", p => new FsWrite(p.GetRequiredService<Workspace>()))
            .AddSkill(HttpCall.Name, p => new HttpCall(p.GetRequiredService<IEgress>(), p.GetRequiredService<TimeProvider>()))
            .AddSkill(HttpGet.Name, p => new HttpGet(new HttpCall(p.GetRequiredService<IEgress>(), p.GetRequiredService<TimeProvider>())))
            .AddSkill("kv_delete", p => new KvDelete(p.GetRequiredService<KvStore>()))
            .AddSkill("kv_get", p => new KvGet(p.GetRequiredService<KvStore>()))
            .AddSkill("kv_set", p => new KvSet(p.GetRequiredService<KvStore>()))
            .AddModels()
            .AddSkill("postgres_query", p => new PostgresQuery(new Lazy<PostgresPools>(p.GetRequiredService<PostgresPools>), p.GetRequiredService<TimeProvider>()))
            .AddSkill("slack_send", p => new SlackSend(p.GetRequiredService<IEgress>(), p.GetRequiredService<TimeProvider>()))
            .AddSkill("wait", p => new Wait(p.GetRequiredService<TimeProvider>()))
            .AddSkill("webhook_send", p => new WebhookSend(p.GetRequiredService<IEgress>(), p.GetRequiredService<TimeProvider>()))
            .Door<ISkills, Registry>();
    }

    private static void AddConnections(this AosBuilder aos)
    {
        aos.Services.AddSingleton<ConnectionOpener>();
        aos.Services.AddSingleton<HttpProbe>();
        aos.Services.AddSingleton<PostgresPools>();
        aos.Services.AddSingleton<PostgresProbe>();
        aos.Services.AddSingleton(new SmtpTrust());
        aos.Services.AddSingleton<SmtpProbe>();
        aos.Door<IConnectionTests, ConnectionTests>();
    }

    /// <summary>Registers a skill under the name of its contract. It is built when it is first needed; a name counts once.</summary>
    public static AosBuilder AddSkill<TIn, TOut>(this AosBuilder aos, string name, Func<IServiceProvider, ISkill<TIn, TOut>> make)
        where TIn : class
        where TOut : class
    {
        aos.Services.AddSingleton<IRegistered>(provider => new Registered<TIn, TOut>(name, () => make(provider)));
        return aos;
    }

    /// <summary>The same for one version of a skill that is there in several. Plans choose: <c>skill: NAME@VERSIONS</c>.</summary>
    public static AosBuilder AddSkill<TIn, TOut>(this AosBuilder aos, string name, string version, Func<IServiceProvider, ISkill<TIn, TOut>> make)
        where TIn : class
        where TOut : class
    {
        aos.Services.AddSingleton<IRegistered>(provider => new Registered<TIn, TOut>(name, () => make(provider), version));
        return aos;
    }
}
