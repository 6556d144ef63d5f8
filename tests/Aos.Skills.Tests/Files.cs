using System.Text;

namespace Aos.Skills.Tests;

/// <summary><c>fs_read</c> and <c>fs_write</c> on a real disk.</summary>
[Trait("store", "none")]
public sealed class Files
{
    [Fact]
    public async Task What_is_written_is_read_back()
    {
        using var room = new SkillRoom();
        var written = await room.CallAsync("fs_write", """{"path":"a/b.json","content":{"z":1,"a":2}}""");
        var read = await room.CallAsync("fs_read", """{"path":"a/b.json","format":"json"}""");

        Assert.Equal("file_write", Assert.Single(written.SideEffects).Type);
        Assert.Equal("""{"a":2,"z":1}""", read.Result.GetProperty("content").GetRawText());
        Assert.Equal(written.Result.GetProperty("content_hash").GetString(), read.Result.GetProperty("content_hash").GetString());
        Assert.Equal(13, written.Result.GetProperty("bytes_written").GetInt32());
        Assert.False(read.Result.GetProperty("truncated").GetBoolean());
        Assert.Equal(["b.json"], Directory.EnumerateFiles(Path.Combine(room.Workspace, "a")).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("utf-8", "é€", "C3A9E282AC")]
    [InlineData("utf-16", "é", "E900")]
    [InlineData("latin1", "é", "E9")]
    [InlineData("ascii", "e", "65")]
    [InlineData("base64", "AP8=", "00FF")]
    public async Task An_encoding_goes_both_ways(string encoding, string text, string bytes)
    {
        using var room = new SkillRoom();
        await room.CallAsync("fs_write", $$"""{"path":"f","content":"{{text}}","encoding":"{{encoding}}"}""");

        Assert.Equal(bytes, Convert.ToHexString(await File.ReadAllBytesAsync(Path.Combine(room.Workspace, "f"), TestContext.Current.CancellationToken)));
        Assert.Equal(text, (await room.ValueAsync("fs_read", $$"""{"path":"f","encoding":"{{encoding}}"}""", "content")).GetString());
    }

    [Theory]
    [InlineData("ascii", "é")]
    [InlineData("latin1", "€")]
    [InlineData("base64", "no base64!")]
    public async Task A_text_its_encoding_cannot_write_is_refused(string encoding, string text)
    {
        using var room = new SkillRoom();

        Assert.Equal("INVALID_INPUT", (await room.CallAsync("fs_write", $$"""{"path":"f","content":"{{text}}","encoding":"{{encoding}}"}""")).Failure?.Code);
        Assert.False(File.Exists(Path.Combine(room.Workspace, "f")));
    }

    [Theory]
    [InlineData("text", "utf-8", "INVALID_INPUT")]
    [InlineData("json", "latin1", "INVALID_INPUT")]
    [InlineData("text", "latin1", null)]
    public async Task Bytes_that_are_not_what_is_asked_for_are_refused(string format, string encoding, string? code)
    {
        using var room = new SkillRoom();
        await File.WriteAllBytesAsync(Path.Combine(room.Workspace, "f"), [0xFF, 0x7B], TestContext.Current.CancellationToken);

        Assert.Equal(code, (await room.CallAsync("fs_read", $$"""{"path":"f","format":"{{format}}","encoding":"{{encoding}}"}""")).Failure?.Code);
    }

    [Fact]
    public async Task A_cut_is_told_and_never_splits_a_character()
    {
        using var room = new SkillRoom();
        await room.CallAsync("fs_write", """{"path":"f","content":"aé€"}""");
        var read = await room.CallAsync("fs_read", """{"path":"f","max_bytes":5}""");

        Assert.Equal("aé", read.Result.GetProperty("content").GetString());
        Assert.True(read.Result.GetProperty("truncated").GetBoolean());
        Assert.Equal(6, read.Result.GetProperty("size_bytes").GetInt64());
        Assert.Equal("INVALID_INPUT", (await room.CallAsync("fs_read", """{"path":"f","max_bytes":0}""")).Failure?.Code);
    }

    [Fact]
    public async Task A_mark_of_the_byte_order_is_no_content()
    {
        using var room = new SkillRoom();
        await File.WriteAllTextAsync(Path.Combine(room.Workspace, "f"), "{}", new UTF8Encoding(true), TestContext.Current.CancellationToken);

        Assert.Equal("{}", (await room.ValueAsync("fs_read", """{"path":"f","format":"json"}""", "content")).GetRawText());
    }

    [Fact]
    public async Task Appending_adds_and_is_never_repeated_on_its_own()
    {
        using var room = new SkillRoom();
        await room.CallAsync("fs_write", """{"path":"log","content":"a\n","mode":"append"}""");
        var second = await room.CallAsync("fs_write", """{"path":"log","content":"b\n","mode":"append"}""");

        Assert.Equal("a\nb\n", await File.ReadAllTextAsync(Path.Combine(room.Workspace, "log"), TestContext.Current.CancellationToken));
        Assert.Equal(4, second.Result.GetProperty("size_bytes").GetInt64());
        Assert.Equal(EffectClass.AtMostOnce, room.Skills.Terms["fs_write"].ClassOf(Json.Parse("""{"mode":"append"}"""), hasKey: true));
        Assert.Equal(EffectClass.Idempotent, room.Skills.Terms["fs_write"].ClassOf(Json.Parse("""{"mode":"write"}"""), hasKey: false));
    }

    [Fact]
    public async Task Folders_are_made_unless_told_otherwise()
    {
        using var room = new SkillRoom();

        Assert.Equal("FILE_NOT_FOUND", (await room.CallAsync("fs_write", """{"path":"d/f","content":"x","create_dirs":false}""")).Failure?.Code);
        Assert.Null((await room.CallAsync("fs_write", """{"path":"d/f","content":"x"}""")).Failure);
    }

    [Fact]
    public async Task A_file_is_limited()
    {
        using var room = new SkillRoom();
        await File.WriteAllBytesAsync(Path.Combine(room.Workspace, "big"), new byte[FsWrite.FileBytesMax], TestContext.Current.CancellationToken);

        Assert.Equal("INPUT_TOO_LARGE", (await room.CallAsync("fs_write", $$"""{"path":"f","content":"{{new string('x', FsWrite.FileBytesMax + 1)}}"}""")).Failure?.Code);
        Assert.Equal("INPUT_TOO_LARGE", (await room.CallAsync("fs_write", """{"path":"big","content":"x","mode":"append"}""")).Failure?.Code);
    }

    [Theory]
    [InlineData("../out.txt", "PERMISSION_DENIED")]
    [InlineData("a/../../out.txt", "PERMISSION_DENIED")]
    [InlineData("..", "PERMISSION_DENIED")]
    [InlineData(".", "PERMISSION_DENIED")]
    [InlineData("/etc/passwd", "INVALID_INPUT")]
    [InlineData("a\\u0000b", "INVALID_INPUT")]
    [InlineData("", "INVALID_INPUT")]
    [InlineData("folder", "INVALID_INPUT")]
    [InlineData("nothing.txt", "FILE_NOT_FOUND")]
    public async Task Nothing_outside_of_the_workspace_is_read(string path, string code)
    {
        using var room = new SkillRoom();
        Directory.CreateDirectory(Path.Combine(room.Workspace, "folder"));

        Assert.Equal(code, (await room.CallAsync("fs_read", $$"""{"path":"{{path}}"}""")).Failure?.Code);
    }

    [Theory]
    [InlineData("out/x.txt")]
    [InlineData("file")]
    [InlineData("chain/x.txt")]
    [InlineData("circle/x.txt")]
    public async Task A_link_that_leads_out_is_refused(string path)
    {
        using var room = new SkillRoom();
        var outside = Directory.CreateDirectory(room.Workspace + "-outside").FullName;
        await File.WriteAllTextAsync(Path.Combine(outside, "x.txt"), "secret", TestContext.Current.CancellationToken);
        Directory.CreateSymbolicLink(Path.Combine(room.Workspace, "out"), outside);
        Directory.CreateSymbolicLink(Path.Combine(room.Workspace, "chain"), Path.Combine(room.Workspace, "out"));
        Directory.CreateSymbolicLink(Path.Combine(room.Workspace, "circle"), Path.Combine(room.Workspace, "circle"));
        File.CreateSymbolicLink(Path.Combine(room.Workspace, "file"), Path.Combine(outside, "x.txt"));

        Assert.Equal("PERMISSION_DENIED", (await room.CallAsync("fs_write", $$"""{"path":"{{path}}","content":"x"}""")).Failure?.Code);
        Assert.Equal("PERMISSION_DENIED", (await room.CallAsync("fs_read", $$"""{"path":"{{path}}"}""")).Failure?.Code);
        Assert.Equal("secret", await File.ReadAllTextAsync(Path.Combine(outside, "x.txt"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_was_opened_is_judged_once_more()
    {
        using var room = new SkillRoom();
        var outside = Path.Combine(room.Workspace + "-outside");
        await File.WriteAllTextAsync(outside, "secret", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(Path.Combine(room.Workspace, "in"), "open", TestContext.Current.CancellationToken);
        using var stolen = File.OpenHandle(outside);
        using var own = File.OpenHandle(Path.Combine(room.Workspace, "in"));
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The system does not tell the path of an open file.");

        Assert.Equal("PERMISSION_DENIED", room.Get<Workspace>().Judge(stolen, "in")?.Code);
        Assert.Null(room.Get<Workspace>().Judge(own, "in"));
    }

    [Theory]
    [InlineData(28, "DISK_FULL")]
    [InlineData(122, "DISK_FULL")]
    [InlineData(unchecked((int)0x80070070), "DISK_FULL")]
    [InlineData(5, "EXECUTION_ERROR")]
    public void A_full_disk_is_told_as_such(int error, string code) => Assert.Equal(code, FileFailures.Of(new IOException("no", error), "f").Code);
}
