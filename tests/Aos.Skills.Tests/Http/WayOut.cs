using System.Net;
using Aos.Contracts;
using Aos.Egress;

namespace Aos.Skills.Tests.Http;

/// <summary>The skills that go out over the real way out, without a house around them: what they throw is seen.</summary>
internal sealed class WayOut : IDisposable
{
    private readonly Aos.Egress.Egress egress;
    private readonly Dictionary<string, IRegistered> skills;

    internal WayOut(params string[] allow)
        : this(new ManualClock(), null, allow)
    {
    }

    /// <param name="resolve">Addresses of names; null: the system's.</param>
    internal WayOut(TimeProvider clock, Func<string, IPAddress[]>? resolve, params string[] allow)
    {
        var options = new EgressOptions { Allow = allow };
        egress = resolve is null ? new Aos.Egress.Egress(options) : new Aos.Egress.Egress(options, (name, _) => Task.FromResult(resolve(name)));
        var call = new HttpCall(egress, clock);
        skills = new IRegistered[]
        {
            new Registered<HttpCallIn, HttpCallOut>("http_call", () => call), new Registered<HttpGetIn, HttpCallOut>("http_get", () => new HttpGet(call)),
            new Registered<WebhookSendIn, WebhookSendOut>("webhook_send", () => new WebhookSend(egress, clock)),
        }.ToDictionary(skill => skill.Name, StringComparer.Ordinal);
    }

    internal IEgress Egress => egress;

    public void Dispose() => egress.Dispose();

    internal Task<StructuredOutcome> CallAsync(string parameters, string skill = "http_call", string key = "key-1") =>
        skills[skill].InvokeAsync(Json.Parse(parameters), SkillRoom.Call(key), TestContext.Current.CancellationToken);

    /// <summary>The failure of a GET; null: it succeeded.</summary>
    internal async Task<Failure?> FailureAsync(string url, string more = "") => (await GetAsync(url, more)).Failure;

    internal Task<StructuredOutcome> GetAsync(string url, string more = "") => CallAsync($$"""{"url":{{Json.Of(url).GetRawText()}}{{more}}}""");
}
