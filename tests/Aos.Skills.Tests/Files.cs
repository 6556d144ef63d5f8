namespace Aos.Skills.Tests;

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
    }

    [Theory]
    [InlineData("../out.txt", "PERMISSION_DENIED")]
    [InlineData("a/../../out.txt", "PERMISSION_DENIED")]
    [InlineData("/etc/passwd", "INVALID_INPUT")]
    [InlineData("", "INVALID_INPUT")]
    [InlineData("nothing.txt", "FILE_NOT_FOUND")]
    public async Task Nothing_outside_of_the_workspace_is_read(string path, string code)
    {
        using var room = new SkillRoom();

        Assert.Equal(code, (await room.CallAsync("fs_read", $$"""{"path":"{{path}}"}""")).Failure?.Code);
    }

    [Fact]
    public async Task A_link_that_leads_out_is_refused()
    {
        using var room = new SkillRoom();
        Directory.CreateSymbolicLink(Path.Combine(room.Workspace, "out"), Path.GetTempPath());

        Assert.Equal("PERMISSION_DENIED", (await room.CallAsync("fs_write", """{"path":"out/x.txt","content":"x"}""")).Failure?.Code);
        Assert.Equal("PERMISSION_DENIED", (await room.CallAsync("fs_read", """{"path":"out/x.txt"}""")).Failure?.Code);
    }
}
