using System.Collections.Concurrent;
using System.Net;
using Aos.Contracts;
using Aos.Egress;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aos.Auth.Tests;

/// <summary>
/// A house that lets every request to this machine out, and a web server here that every name leads to: what is kept back is kept
/// back by the limits of agents.
/// </summary>
internal sealed class AgentHouse : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> asked = new();
    private WebApplication peer = null!;

    internal AuthHouse House { get; private set; } = null!;

    /// <summary>Hosts that were asked for anything but a redirect, in the order in which they were.</summary>
    internal string[] Asked => [.. asked];

    internal string Port => new Uri(peer.Urls.First()).Port.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Nobody was asked for anything yet.</summary>
    internal void Forget() => asked.Clear();

    internal static async Task<AgentHouse> OpenAsync(Action<IServiceCollection>? more = null)
    {
        var house = new AgentHouse();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        house.peer = builder.Build();
        house.peer.Map("/to", (string url, int? status) => Results.Redirect(url, permanent: false, preserveMethod: status == 307));
        house.peer.Map("/{**rest}", (HttpContext context) =>
        {
            house.asked.Enqueue(context.Request.Host.Host);
            return "here";
        });
        await house.peer.StartAsync();
        var options = new EgressOptions { Allow = ["127.0.0.0/8", "::1/128"] };
        house.House = await AuthHouse.OpenAsync(more: services =>
        {
            services.AddSingleton<IEgress>(_ => new Aos.Egress.Egress(options, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback])));
            more?.Invoke(services);
        });
        return house;
    }

    public async ValueTask DisposeAsync()
    {
        await House.DisposeAsync();
        await peer.DisposeAsync();
    }

    /// <summary>A text of a test in which PORT stands for the web server's.</summary>
    internal string At(string text) => text.Replace("PORT", Port, StringComparison.Ordinal);

    /// <summary>Makes an agent; further members as JSON, such as <c>"capabilities":{}</c>. Replies its id.</summary>
    internal async Task<string> AgentAsync(string more)
    {
        var made = await House.AsFirstAsync("POST", "/agents", At($$"""{"name":"bot"{{(more.Length > 0 ? "," + more : "")}}}"""));
        Assert.True(made.Status == 201, made.Body.GetRawText());
        return made.Text("agent_id")!;
    }

    internal Task<Reply> ChangeAsync(string agent, string body) => House.AsFirstAsync("PATCH", $"/agents/{agent}", At(body));

    /// <summary>Runs a plan as the agent, to its end.</summary>
    internal Task<Reply> RunAsync(string agent, string plan, string inputs = "{}", string more = "") => House.AsFirstAsync(
        "POST", "/api/v1/runs?wait=30", At($$"""{"agent_id":"{{agent}}","plan":{{plan}},"inputs":{{inputs}}{{(more.Length > 0 ? "," + more : "")}}}"""));

    /// <summary>Calls a URL of which nobody knows before the call.</summary>
    internal Task<Reply> CallAsync(string agent, string url, string skill = "http_call") => RunAsync(
        agent, $$$"""{"steps":[{"id":"a","skill":"{{{skill}}}","params":{"url":"${{ inputs.url }}"}}]}""", $$"""{"url":{{System.Text.Json.JsonSerializer.Serialize(url)}}}""");

    internal Task<Reply> SimulateAsync(string agent, string plan) =>
        House.AsFirstAsync("POST", "/api/v1/runtime/simulate", At($$"""{"agent_id":"{{agent}}","plan":{{plan}}}"""));

    internal Task<Reply> CanAsync(string query) => House.AsFirstAsync("GET", $"/api/v1/rbac/can?{query}");
}

/// <summary>One of them for all tests of a class, each of which has agents of its own.</summary>
public sealed class OpenAgentHouse : IAsyncLifetime
{
    internal AgentHouse World { get; private set; } = null!;

    public async ValueTask InitializeAsync() => World = await AgentHouse.OpenAsync();

    public ValueTask DisposeAsync() => World.DisposeAsync();
}
