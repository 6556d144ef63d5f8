using Aos.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Aos.Skills.Tests;

/// <summary>Connections tried for real: web and mail servers of this machine. PostgreSQL is tried in the suite that has one.</summary>
public sealed class Tries
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("id", "CONN-60")]
    public async Task A_web_server_is_asked_with_the_credential_and_its_answer_told_without()
    {
        var value = $"sk-{Guid.NewGuid():N}";
        await using var peer = await Peer.StartAsync(app =>
        {
            app.MapGet("/v1", () => Results.NotFound());
            app.MapGet("/v1/health", (HttpContext context) => context.Request.Headers.Authorization == "Bearer " + value ? Results.Ok() : Results.Text($"no {context.Request.Headers.Authorization}", statusCode: 401));
        });
        using var room = new ConnectionRoom(peer.Authority);
        await room.SecretAsync("K", value);
        const string Auth = """ "auth":{"type":"bearer","token":"secret:K"} """;
        var good = await room.TestAsync(await room.HttpAsync("good", peer.Origin + "/v1", Auth + ",\"health_path\":\"/health\""));
        var bare = await room.TestAsync(await room.HttpAsync("bare", peer.Origin + "/v1", Auth));
        await room.SecretAsync("K", value + "x");
        var wrong = await room.TestAsync(await room.HttpAsync("good", peer.Origin + "/v1", Auth + ",\"health_path\":\"health\""));
        var outside = await room.TestAsync(await room.HttpAsync("out", peer.Origin + "/v1", """ "health_path":"/../x" """));

        Assert.Equal((null, 1L), (good.Failure, good.Version));
        Assert.Equal(["connect", "answer"], good.Checked);
        Assert.True(good.Latency > TimeSpan.Zero);
        Assert.Equal(("HTTP_4XX", 404), (bare.Failure?.Code, bare.Failure?.Details?.GetProperty("upstream_status").GetInt32()));
        Assert.Equal(("HTTP_4XX", 2L), (wrong.Failure?.Code, wrong.Version));
        Assert.DoesNotContain(value, wrong.Failure!.Message + wrong.Failure.Details!.Value.GetRawText(), StringComparison.Ordinal);
        Assert.Equal("INVALID_INPUT", outside.Failure?.Code);
    }

    [Theory]
    [Trait("id", "CONN-62")]
    [InlineData("PLAIN", "starttls")]
    [InlineData("LOGIN", "starttls")]
    [InlineData("CRAM-MD5 PLAIN", "implicit")]
    public async Task A_mail_server_is_greeted_secured_and_signed_in_to(string offers, string tls)
    {
        await using var mail = new MailPeer(offers, tls == "implicit");
        using var room = new ConnectionRoom("127.0.0.1");
        var connection = Mail(mail.Port, tls, mail.Password);

        var (failure, seen) = await new SmtpProbe(room.Room.Egress, new SmtpTrust(mail.Trusts)).TryAsync(connection, Cancel);

        Assert.True(failure is null, failure?.Message);
        Assert.Equal(tls == "implicit" ? ["connect", "tls", "greeting", "ehlo", "auth"] : ["connect", "greeting", "ehlo", "tls", "auth"], seen);
        Assert.Equal(tls == "implicit" ? [] : ["EHLO example.com", "STARTTLS"], mail.Overheard);
    }

    [Fact]
    [Trait("id", "CONN-62")]
    public async Task A_certificate_that_is_not_trusted_ends_it_before_the_password()
    {
        await using var mail = new MailPeer();
        using var room = new ConnectionRoom("127.0.0.1");
        await room.SecretAsync("PW", mail.Password);
        var connection = await room.PutAsync("mail", "smtp", $$"""{"host":"127.0.0.1","port":{{mail.Port}},"user":"robot","password":"secret:PW","from":"robot@example.com"}""");

        var test = await room.TestAsync(connection);

        Assert.Equal("TLS_FAILURE", test.Failure?.Code);
        Assert.Equal(["connect", "greeting", "ehlo"], test.Checked);
        Assert.Equal(["EHLO example.com", "STARTTLS"], mail.Overheard);
    }

    [Fact]
    [Trait("id", "CONN-62")]
    public async Task What_a_mail_server_refuses_or_lacks_is_told_by_its_code()
    {
        await using var mail = new MailPeer();
        await using var odd = new MailPeer("XOAUTH2");
        using var room = new ConnectionRoom("127.0.0.1");
        await room.SecretAsync("PW", "not the password");
        using var strict = new ConnectionRoom();

        var (wrong, _) = await new SmtpProbe(room.Room.Egress, new SmtpTrust(mail.Trusts)).TryAsync(Mail(mail.Port, "starttls", "not the password"), Cancel);
        var (none, _) = await new SmtpProbe(room.Room.Egress, new SmtpTrust(odd.Trusts)).TryAsync(Mail(odd.Port, "starttls", odd.Password), Cancel);
        var (guarded, _) = await new SmtpProbe(strict.Room.Egress, new SmtpTrust(mail.Trusts)).TryAsync(Mail(mail.Port, "starttls", mail.Password), Cancel);
        var (other, _) = await new SmtpProbe(room.Room.Egress, new SmtpTrust()).TryAsync(Mail(1, "starttls", mail.Password), Cancel);

        Assert.Equal(("PERMISSION_DENIED", "credentials"), (wrong?.Code, wrong?.Details?.GetText("reason")));
        Assert.Equal("NOT_AVAILABLE", none?.Code);
        Assert.Equal("EGRESS_BLOCKED", guarded?.Code);
        Assert.Equal("CONNECTION_REFUSED", other?.Code);
    }

    [Fact]
    [Trait("id", "CONN-62")]
    public async Task A_mail_server_that_hangs_up_at_the_good_bye_works_and_one_that_refuses_the_user_has_said_why()
    {
        await using var mail = new MailPeer("LOGIN");
        using var room = new ConnectionRoom("127.0.0.1");
        var user = Convert.ToBase64String("robot"u8);
        mail.Answers = line => line == "QUIT" ? MailPeer.Cut : null;
        var (good, seen) = await new SmtpProbe(room.Room.Egress, new SmtpTrust(mail.Trusts)).TryAsync(Mail(mail.Port, "starttls", mail.Password), Cancel);
        mail.Answers = line => line == user ? "535 5.7.8 who is that" : null;
        var (stranger, _) = await new SmtpProbe(room.Room.Egress, new SmtpTrust(mail.Trusts)).TryAsync(Mail(mail.Port, "starttls", mail.Password), Cancel);

        Assert.Null(good);
        Assert.Contains("auth", seen);
        Assert.Equal(("PERMISSION_DENIED", "credentials"), (stranger?.Code, stranger?.Details?.GetText("reason")));
    }

    [Fact]
    [Trait("id", "CONN-63")]
    public async Task A_name_without_an_address_is_told_and_not_connected_to()
    {
        using var way = new Http.WayOut(new ManualClock(), _ => []);

        var (stream, failure) = await way.Egress.ConnectAsync("mail.example.com", 25, EgressProtocol.Smtp, Cancel);

        Assert.Equal((null, "DNS_FAILURE"), (stream, failure?.Code));
    }

    [Theory]
    [Trait("id", "CONN-63")]
    [InlineData("93.184.216.34", 5432, EgressProtocol.Postgres, null)]
    [InlineData("93.184.216.34", 587, EgressProtocol.Smtp, null)]
    [InlineData("93.184.216.34", 25, EgressProtocol.Smtp, null)]
    [InlineData("93.184.216.34", 587, EgressProtocol.Postgres, "EGRESS_BLOCKED")]
    [InlineData("93.184.216.34", 5432, EgressProtocol.Smtp, "EGRESS_BLOCKED")]
    [InlineData("93.184.216.34", 6379, EgressProtocol.Postgres, "EGRESS_BLOCKED")]
    [InlineData("127.0.0.1", 5432, EgressProtocol.Postgres, "EGRESS_BLOCKED")]
    [InlineData("10.0.0.1", 25, EgressProtocol.Smtp, "EGRESS_BLOCKED")]
    [InlineData("[::1]", 5432, EgressProtocol.Postgres, "EGRESS_BLOCKED")]
    [InlineData("169.254.169.254", 5433, EgressProtocol.Postgres, "EGRESS_BLOCKED")]
    public async Task A_protocol_goes_to_public_addresses_and_its_own_ports(string host, int port, EgressProtocol protocol, string? code)
    {
        using var room = new SkillRoom();

        var (addresses, failure) = await room.Egress.ResolveAsync(host, port, protocol, Cancel);

        Assert.Equal(code, failure?.Code);
        Assert.Equal(code is null ? 1 : 0, addresses.Count);
    }

    [Fact]
    [Trait("id", "CONN-63")]
    public async Task A_try_keeps_the_rules_of_the_connection_and_of_its_secrets()
    {
        await using var peer = await Peer.StartAsync(app => app.MapGet("/", () => "hello"));
        using var room = new ConnectionRoom(peer.Authority);
        await room.SecretAsync("K", "of the mailer", new Allowance(["mailer"], ["http_call"]));
        var mailers = await room.HttpAsync("mailers", peer.Origin, """ "auth":{"type":"bearer","token":"secret:K"} """, new Allowance(["mailer"], null));
        var everybodys = await room.HttpAsync("everybodys", peer.Origin, """ "auth":{"type":"bearer","token":"secret:K"} """);

        Assert.Null((await room.TestAsync(mailers)).Failure);
        Assert.Equal(("PERMISSION_DENIED", "agent"), Why(await room.TestAsync(mailers, "other")));
        Assert.Equal(("PERMISSION_DENIED", "agent"), Why(await room.TestAsync(everybodys)));
        Assert.Null((await room.TestAsync(everybodys, "mailer")).Failure);
    }

    private static (string? Code, string? Reason) Why(ConnectionTest test) => (test.Failure?.Code, test.Failure?.Details?.GetText("reason"));

    /// <summary>A connection with its password in place.</summary>
    private static OpenConnection Mail(int port, string tls, string password)
    {
        var settings = Json.Parse($$"""{"host":"127.0.0.1","port":{{port}},"tls":"{{tls}}","user":"robot","password":"{{password}}","from":"robot@example.com"}""");
        var now = TimeProvider.System.GetUtcNow();
        return new OpenConnection(
            new Connection(ConnectionRoom.Admin.Tenant, "mail", 1, "smtp", settings, Allowance.Everyone) { CreatedAt = now, CreatedBy = "t", UpdatedAt = now, UpdatedBy = "t" }, settings);
    }
}
