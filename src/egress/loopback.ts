import type { IpAddress } from '../mail/ip.ts'

/** 127.0.0.0/8 and ::1 (`IpAddress` is canonical, an IPv4-mapped address is the IPv4 one). */
export const isLoopback = (address: IpAddress): boolean => address.startsWith('127.') || address === '::1'
