module.exports = { go: async () => "gone" };
