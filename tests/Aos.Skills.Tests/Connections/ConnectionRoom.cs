using Aos.Contracts;
using Aos.Identity;

namespace Aos.Skills.Tests;

/// <summary>The skills over a real store of connections and secrets.</summary>
internal sealed class ConnectionRoom : IDisposable
{
    internal static readonly Caller Admin = new(new TenantId("acme"), "tester", ["admin"]);

    private readonly SkillRoom room;

    internal ConnectionRoom(params string[] allow)
        : this(allow, null)
    {
    }

    internal ConnectionRoom(string[] allow, Action<AosBuilder>? more, TimeProvider? clock = null) => room = new SkillRoom(
        allow,
        aos =>
        {
            aos.AddIdentity(new IdentityOptions { Key = "a key of this test only, long enough", LimitsRequests = false });
            more?.Invoke(aos);
        },
        clock);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    internal SkillRoom Room => room;

    internal ISkills Skills => room.Skills;

    public void Dispose() => room.Dispose();

    internal async Task SecretAsync(string name, string value, Allowance? allowed = null, TimeSpan overlap = default)
    {
        var (_, refusal) = await room.Get<ISecretStore>().PutAsync(Admin, new SecretWish(name, value, allowed, overlap), Cancel);
        Assert.Null(refusal);
    }

    internal async Task<Connection> PutAsync(string name, string kind, string settings, Allowance? allowed = null)
    {
        var (made, refusal) = await room.Get<IConnectionStore>().PutAsync(Admin, new ConnectionWish(name, kind, Json.Parse(settings), allowed), Cancel);
        Assert.True(refusal is null, refusal?.Message);
        return made!.After;
    }

    /// <summary>A connection to a peer; further members of its settings as JSON.</summary>
    internal Task<Connection> HttpAsync(string name, string url, string more = "", Allowance? allowed = null) =>
        PutAsync(name, "http", $$"""{"base_url":"{{url}}"{{(more.Length > 0 ? "," + more : "")}} }""", allowed);

    internal async Task<bool> RemoveAsync(string name) => await room.Get<IConnectionStore>().DeleteAsync(Admin, name, Cancel) is not null;

    /// <summary>A call as a plan of the tenant writes it.</summary>
    internal Task<StructuredOutcome> CallAsync(string parameters, string skill = "http_call", string? written = null, string tenant = "acme") =>
        Skills.InvokeAsync(skill, Json.Parse(parameters), SkillRoom.Call(tenant: tenant, written: written ?? parameters), Cancel);

    internal async Task<ConnectionTest> TestAsync(Connection connection, string? agent = null) =>
        await room.Get<IConnectionTests>().TestAsync(connection, agent, Cancel);
}
