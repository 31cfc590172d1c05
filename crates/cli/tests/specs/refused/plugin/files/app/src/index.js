export const search = () => "found"
