using System.Net;
using System.Text;
using Aos.Client;

namespace Aos.E2E.Tests;

public sealed class ClientRetries
{
    [Fact]
    [Trait("id", "CLI-32")]
    public async Task What_may_safely_be_sent_again_is_sent_again_and_nothing_else()
    {
        var (asked, answer) = await AskAsync(client => client.SendAsync(HttpMethod.Get, "health", cancel: TestContext.Current.CancellationToken));
        Assert.Equal((3, null), (asked, answer));

        (asked, answer) = await AskAsync(client => client.SendAsync(HttpMethod.Post, "api/v1/runs", Json.EmptyObject, cancel: TestContext.Current.CancellationToken));
        Assert.Equal((1, 503), (asked, answer?.Status));

        (asked, answer) = await AskAsync(client => client.SendAsync(HttpMethod.Post, "api/v1/runs", Json.EmptyObject, "key", TestContext.Current.CancellationToken));
        Assert.Equal((3, null), (asked, answer));
    }

    [Fact]
    [Trait("id", "CLI-33")]
    public async Task Retries_end_with_the_last_refusal()
    {
        var (asked, answer) = await AskAsync(client => client.SendAsync(HttpMethod.Get, "health", cancel: TestContext.Current.CancellationToken), failures: 9);

        Assert.Equal((3, "SERVICE_UNAVAILABLE"), (asked, answer?.Code));
        Assert.True(answer!.IsRetryable);
    }

    private static async Task<(int Asked, AosException? Refused)> AskAsync(Func<AosClient, Task> ask, int failures = 2)
    {
        using var peer = new Peer(failures);
        using var http = new HttpClient(peer) { BaseAddress = new Uri("http://peer/") };
        try
        {
            await ask(new AosClient(http, new AosClientOptions { Backoff = TimeSpan.Zero }));
            return (peer.Asked, null);
        }
        catch (AosException e)
        {
            return (peer.Asked, e);
        }
    }

    private sealed class Peer(int failures) : HttpMessageHandler
    {
        internal int Asked { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked++;
            return Task.FromResult(new HttpResponseMessage(Asked <= failures ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK)
            {
                Content = new StringContent("{}", Encoding.UTF8, "application/json"),
            });
        }
    }
}
