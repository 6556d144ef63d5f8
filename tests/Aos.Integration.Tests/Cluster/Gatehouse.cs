using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Aos.Integration.Tests.Cluster;

/// <summary>A server outside: it writes down what arrives and answers when the test lets it.</summary>
internal sealed class Gatehouse : IAsyncDisposable
{
    private readonly TaskCompletionSource gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource called = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<string> arrived = new();
    private WebApplication app = null!;

    /// <summary>Ends when the first request is there.</summary>
    internal Task Called => called.Task;

    /// <summary>Paths asked for, in order.</summary>
    internal IReadOnlyList<string> Arrived => [.. arrived];

    internal Uri Address { get; private set; } = null!;

    internal static async Task<Gatehouse> OpenAsync()
    {
        var house = new Gatehouse();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        house.app = builder.Build();
        house.app.Run(house.AnswerAsync);
        await house.app.StartAsync();
        house.Address = new Uri(house.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return house;
    }

    internal void Open() => gate.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        Open();
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        arrived.Enqueue(context.Request.Path);
        called.TrySetResult();
        await gate.Task.WaitAsync(context.RequestAborted);
        await context.Response.WriteAsync("done");
    }
}
