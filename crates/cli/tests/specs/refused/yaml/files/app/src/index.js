export const country = () => "Norway"
